import { IconDownload, IconUsers } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { type Query, withQuery } from '~/api/client';
import { usePaged } from '~/api/paged';
import type { CustomerRow, Stage } from '~/api/types';
import { type Column, DataTable, type Sort } from '~/design/datatable';
import { NONE, useFormat } from '~/design/format';
import { SidePanel } from '~/design/panel';
import { BoneRows, Empty, ErrorNote } from '~/design/state';
import { useWord } from '~/i18n/word';
import { useSignalText } from '~/insight/forecast';
import { cardQuery } from './api';

const STAGE_TONE: Record<Stage, string | undefined> = {
  new: 'info',
  developing: 'good',
  at_risk: 'warn',
  lapsed: 'bad',
  returned: 'accent',
  none: undefined,
};

export function StagePill({ stage }: { stage?: Stage | null }) {
  const { t } = useTranslation();
  if (!stage || stage === 'none') return <span className="dim">{NONE}</span>;
  return (
    <span className="pill" data-tone={STAGE_TONE[stage]}>
      {t(`stage.${stage}`)}
    </span>
  );
}

export interface PeopleQuestion {
  key: unknown[];
  path: string;
  query?: Query;
  body?: object;
}

/** A list of customers, wherever it comes from: search, a figure, a bar of a funnel, a segment. */
export function PeopleList({
  question,
  openKey,
  onOpen,
  sort,
  onSort,
  empty,
  height,
  narrow,
}: {
  question: PeopleQuestion;
  openKey?: string;
  onOpen: (row: CustomerRow) => void;
  sort?: Sort;
  onSort?: (sort: Sort) => void;
  empty?: ReactNode;
  height?: number;
  narrow?: boolean;
}) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const say = useSignalText();
  const client = useQueryClient();
  const list = usePaged<CustomerRow>(question.key, question.path, question.query, question.body);
  const columns: Column<CustomerRow>[] = [
    {
      key: 'name',
      label: t('people.col.name'),
      width: 'minmax(132px, 1.7fr)',
      sort: 'name',
      render: (c) => <span className="strong">{c.name || t('people.unnamed')}</span>,
    },
    {
      key: 'phone',
      label: t('people.col.phone'),
      width: 'minmax(164px, 1fr)',
      minor: narrow,
      render: (c) => <Several values={c.phones} />,
    },
    {
      key: 'email',
      label: t('people.col.email'),
      width: 'minmax(150px, 1.3fr)',
      minor: true,
      render: (c) => <Several values={c.emails} />,
    },
    {
      key: 'city',
      label: t('people.col.city'),
      width: 'minmax(90px, .9fr)',
      minor: true,
      render: (c) => <span>{c.city}</span>,
    },
    {
      key: 'stage',
      label: t('people.col.stage'),
      width: '120px',
      minor: true,
      render: (c) => <StagePill stage={c.stage} />,
    },
    {
      key: 'orders',
      label: t('people.col.orders'),
      width: '78px',
      align: 'right',
      minor: true,
      render: (c) => f.n(c.orders),
    },
    {
      key: 'last',
      label: t('people.col.last'),
      width: '124px',
      align: 'right',
      minor: true,
      sort: 'recent',
      render: (c) => f.date(c.last_order_day),
    },
    {
      key: 'revenue',
      label: t('people.col.revenue'),
      width: '104px',
      align: 'right',
      minor: true,
      sort: 'value',
      render: (c) => f.money(c.revenue?.minor, c.revenue?.currency),
    },
  ];
  // Whoever works a queue from the top must see what is at stake and why, on a telephone too.
  const queue: Column<CustomerRow>[] = [
    {
      key: 'queue',
      label: t('people.col.name'),
      width: 'minmax(120px, 1.7fr)',
      render: (c) => (
        <span className="col tight" style={{ minWidth: 0 }}>
          <span className="strong">{c.name || t('people.unnamed')}</span>
          <span className="dim small" title={c.signals?.map(say).join('\n')}>
            {c.signals?.map((s) => word(`signalName.${s.signal}`)).join(', ') || NONE}
          </span>
        </span>
      ),
    },
    {
      key: 'risk',
      label: t('people.col.risk'),
      width: '64px',
      align: 'right',
      render: (c) => f.pct(c.risk ?? null, 0),
    },
    {
      key: 'atRisk',
      label: t('people.col.atRisk'),
      width: '104px',
      align: 'right',
      render: (c) => f.money(c.value_at_risk?.minor, c.value_at_risk?.currency),
    },
  ];
  const figure = question.path === '/api/base-health/list' ? question.query?.figure : undefined;
  const byRisk = figure === 'at_risk_now' || figure === 'signal';
  const shown = byRisk
    ? queue
    : narrow
      ? columns.filter((c) => ['name', 'phone', 'orders', 'revenue'].includes(c.key))
      : columns;
  if (list.error && !list.rows) return <ErrorNote error={list.error} retry={() => void list.refetch()} />;
  if (list.pending)
    return (
      <div className="dt" aria-busy="true" style={{ height }}>
        <BoneRows rows={14} />
      </div>
    );
  return (
    <DataTable
      label={t('people.list')}
      columns={shown}
      rows={list.rows ?? []}
      rowKey={(c) => c.id}
      openKey={openKey}
      onOpen={onOpen}
      onHover={(c) => void client.prefetchQuery({ ...cardQuery(c.id), staleTime: 30_000 })}
      sort={sort}
      onSort={onSort}
      more={list.more}
      onMore={list.fetchMore}
      total={list.total}
      height={height}
      empty={
        empty ?? (
          <Empty icon={<IconUsers size={22} />} title={t('people.nobody')}>
            {t('people.nobodyText')}
          </Empty>
        )
      }
    />
  );
}

function Several({ values }: { values: string[] }) {
  if (values.length === 0) return <span className="dim">{NONE}</span>;
  return (
    <>
      <span title={values.join('\n')}>{values[0]}</span>
      {values.length > 1 && <span className="dim small dt-keep">+{values.length - 1}</span>}
    </>
  );
}

export interface Who {
  title: string;
  lead?: ReactNode;
  question: PeopleQuestion;
}

/** The same list as files, where the server makes them. */
export function ListFiles({ question }: { question: PeopleQuestion }) {
  const { t, i18n } = useTranslation();
  if (question.path !== '/api/base-health/list') return null;
  return (
    <div className="row tight small">
      <IconDownload size={14} /> {t('chart.export')}
      {['csv', 'xlsx'].map((kind) => (
        <a key={kind} href={withQuery(`${question.path}.${kind}`, { ...question.query, lang: i18n.language })} download>
          {kind.toUpperCase()}
        </a>
      ))}
    </div>
  );
}

/** The answer to "who are these?" beside whatever was asked about. */
export function WhoPanel({
  who,
  onClose,
  onOpen,
}: {
  who: Who;
  onClose: () => void;
  onOpen: (row: CustomerRow) => void;
}) {
  return (
    <SidePanel wide title={who.title} lead={who.lead} onClose={onClose}>
      <ListFiles question={who.question} />
      <PeopleList key={JSON.stringify(who.question)} question={who.question} onOpen={onOpen} narrow />
    </SidePanel>
  );
}
