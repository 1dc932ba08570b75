import { Button } from '@mantine/core';
import { IconAlertTriangle, IconRefresh } from '@tabler/icons-react';
import type { UseQueryResult } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Problem } from '~/api/client';
import './state.css';

/** True once `ms` have passed: what comes sooner must not flash a skeleton. */
export function useLate(ms = 150): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), ms);
    return () => clearTimeout(timer);
  }, [ms]);
  return late;
}

/** A grey shape of the final size. It takes its room at once and becomes visible after 150 ms. */
export function Bone({ h = 14, w = '100%', r = 6 }: { h?: number | string; w?: number | string; r?: number }) {
  return <span className="bone" style={{ height: h, width: w, borderRadius: r }} />;
}

export function BoneRows({ rows = 8, h = 34 }: { rows?: number; h?: number }) {
  return (
    <div className="bone-rows" aria-hidden="true">
      {Array.from({ length: rows }, (_, i) => (
        <div key={i} style={{ height: h }}>
          <Bone h={12} w={`${62 + ((i * 37) % 34)}%`} />
        </div>
      ))}
    </div>
  );
}

export function BoneFigures({ count = 4 }: { count?: number }) {
  return (
    <div className="figures" aria-hidden="true">
      {Array.from({ length: count }, (_, i) => (
        <div className="figure" key={i}>
          <Bone h={12} w="55%" />
          <Bone h={28} w="70%" />
          <Bone h={12} w="85%" />
        </div>
      ))}
    </div>
  );
}

/** A line and a column of a table, as the server names a place in it. */
const PLACE = /^line (\d+), column (.+)$/;

/** Words of ours for the problem's code; for a code that the catalogue does not know, the server's own. */
export function useProblemText(): (error: unknown) => string {
  const { t, i18n } = useTranslation();
  return (error) => {
    if (error instanceof Problem) {
      if (error.offline) return t('error.offline');
      if (error.status === 403 && !error.body.detail) return t('error.forbidden');
      const key = `problem.${error.body.code}`;
      if (error.body.code && error.body.code !== 'place' && i18n.exists(key)) {
        const text = (t as (k: string) => string)(key);
        const place = error.body.fields?.map((e) => PLACE.exec(e.path)).find((found) => found);
        return place ? t('problem.place', { text, line: place[1], column: place[2] }) : text;
      }
      const fields = error.body.fields?.map((e) => `${e.path}: ${e.what}`).join('; ');
      return [error.body.detail ?? error.body.title, fields].filter(Boolean).join(' ') || t('error.unknown');
    }
    return error instanceof Error ? error.message : t('error.unknown');
  };
}

export function ErrorNote({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useTranslation();
  const text = useProblemText();
  return (
    <div className="note" data-tone="bad" role="alert">
      <IconAlertTriangle size={18} />
      <div className="grow col tight">
        <span>{text(error)}</span>
        {error instanceof Problem && error.status >= 500 && (
          <span className="small">{t('error.status', { status: error.status })}</span>
        )}
      </div>
      {retry && (
        <Button size="compact-sm" variant="default" leftSection={<IconRefresh size={14} />} onClick={retry}>
          {t('do.retry')}
        </Button>
      )}
    </div>
  );
}

export function Empty({
  icon,
  title,
  children,
  action,
}: {
  icon?: ReactNode;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="empty">
      {icon && <div className="empty-icon">{icon}</div>}
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {action && <div className="row wrap empty-actions">{action}</div>}
    </div>
  );
}

/** One of three: the skeleton, the refusal, the data. Old data stays on screen while new data is fetched. */
export function Loaded<T>({
  query,
  skeleton,
  children,
}: {
  query: Pick<UseQueryResult<T>, 'data' | 'error' | 'isPending' | 'refetch'>;
  skeleton?: ReactNode;
  children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error) return <ErrorNote error={query.error} retry={() => void query.refetch()} />;
  return (
    <div aria-busy="true" className="skeleton">
      {skeleton ?? <BoneRows />}
    </div>
  );
}
