import { Button } from '@mantine/core';
import { IconCheck, IconCircle, IconClock, IconMinus } from '@tabler/icons-react';
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '~/access/session';
import { api } from '~/api/client';
import type { Page, SourceCheck } from '~/api/types';
import { useSession } from '~/app/router';
import { useFormat } from '~/design/format';
import { Card } from '~/design/page';
import { useProblemText } from '~/design/state';
import { failed } from '~/design/toast';
import { useWord } from '~/i18n/word';

const checklistQuery = queryOptions({
  // Below the sources: whatever makes those stale makes this stale.
  queryKey: ['sources', 'checklist'],
  queryFn: ({ signal }) => api.get<Page<SourceCheck>>('/api/source-checklist', undefined, signal),
});

const LOOK: Record<string, ReactNode> = {
  found: <IconCheck size={17} className="good" />,
  have: <IconCheck size={17} className="good" />,
  none: <IconMinus size={17} className="dim" />,
  later: <IconClock size={17} className="warn" />,
  open: <IconCircle size={17} className="dim" />,
};

/** Where shops keep what they know of people: looked at one by one before the next step is taken. */
export function Checklist() {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const session = useSession();
  const client = useQueryClient();
  const problem = useProblemText();
  const checks = useQuery(checklistQuery);
  const answer = useMutation({
    mutationFn: ({ kind, state }: { kind: string; state: string }) =>
      api.put<Page<SourceCheck>>(`/api/source-checklist/${kind}`, { state }),
    onSuccess: (page) => client.setQueryData(checklistQuery.queryKey, page),
    onError: (error) => failed(problem(error)),
  });
  const items = checks.data?.items ?? [];
  if (items.length === 0) return null;
  const checked = items.filter((i) => i.state !== 'open').length;
  const mayAnswer = can(session, 'import');
  return (
    <Card
      title={t('checklist.title')}
      aside={<span className="pill">{t('checklist.progress', { n: checked, of: items.length })}</span>}
    >
      <p className="dim small">{t('checklist.lead')}</p>
      <ul className="checklist">
        {items.map(({ kind, state, sources }) => (
          <li key={kind} data-state={state}>
            {LOOK[state]}
            <div className="grow">
              <div className="strong">{word(`checklist.kind.${kind}`)}</div>
              <div className="small ink2">{word(`checklist.gain.${kind}`)}</div>
              <div className="small dim">
                {sources.length > 0
                  ? t('checklist.found', { sources: f.list(sources) })
                  : word(`checklist.state.${state}`)}
              </div>
            </div>
            {mayAnswer && state !== 'found' && (
              <div className="row wrap tight checklist-say">
                {(['have', 'none', 'later'] as const).map((say) => (
                  <Button
                    key={say}
                    size="compact-xs"
                    variant={state === say ? 'filled' : 'default'}
                    aria-pressed={state === say}
                    onClick={() => answer.mutate({ kind, state: state === say ? 'open' : say })}
                  >
                    {t(`checklist.${say}`)}
                  </Button>
                ))}
              </div>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}
