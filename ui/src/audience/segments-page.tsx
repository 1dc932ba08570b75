import { Button } from '@mantine/core';
import { IconFilter, IconPlus } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { api } from '~/api/client';
import type { Page as PageOf } from '~/api/types';
import { type Column, DataTable } from '~/design/datatable';
import { useFormat } from '~/design/format';
import { Page } from '~/design/page';
import { BoneRows, Empty, Loaded, useProblemText } from '~/design/state';
import { failed } from '~/design/toast';
import { useWord } from '~/i18n/word';
import { type Segment, segmentsQuery } from './api';
import type { Rule } from './rule';
import './builder.css';

/** A segment is a rule, so its count is asked now and not remembered. */
function Count({ segment }: { segment: Segment }) {
  const f = useFormat();
  const { data } = useQuery({
    queryKey: ['segment-count', segment.rule],
    queryFn: ({ signal }) => api.post<{ customers: number }>('/api/segments/count', { rule: segment.rule }, { signal }),
    enabled: segment.customers === undefined || segment.customers === null,
    staleTime: 60_000,
  });
  return <>{f.n(segment.customers ?? data?.customers)}</>;
}

interface Suggestion {
  kind: 'ready' | 'reaction' | 'interest' | string;
  word: string;
  days?: number | null;
  campaign?: string | null;
  rule: Rule;
  customers: number;
}

/** Segments that nobody has to build: by response to the last campaigns and by chosen topic. */
function Suggestions() {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const navigate = useNavigate();
  const client = useQueryClient();
  const problem = useProblemText();
  const list = useQuery({
    queryKey: ['segment-suggestions'],
    queryFn: ({ signal }) => api.get<PageOf<Suggestion>>('/api/segments/suggestions', undefined, signal),
  });
  const name = (s: Suggestion) =>
    s.kind === 'ready'
      ? word(`segment.readyName.${s.word}`, { count: s.days ?? 0 })
      : s.kind === 'reaction'
        ? [word(`segmentValue.${s.word}`), s.campaign].filter(Boolean).join(': ')
        : s.word;
  const save = useMutation({
    mutationFn: (s: Suggestion) => api.post<{ id: string }>('/api/segments', { name: name(s), rule: s.rule }),
    onSuccess: async (made) => {
      await client.invalidateQueries({ queryKey: ['segments'] });
      void navigate({ to: '/segments/$id', params: { id: made.id } });
    },
    onError: (error) => failed(problem(error)),
  });
  if (!list.data || list.data.items.length === 0) return null;
  return (
    <section className="col tight">
      <h2>{t('segment.ready')}</h2>
      <div className="row wrap tight">
        {list.data.items.slice(0, 14).map((s) => (
          <button key={name(s)} type="button" className="pill suggestion" onClick={() => save.mutate(s)}>
            {name(s)} <b className="num">{f.n(s.customers)}</b>
          </button>
        ))}
      </div>
    </section>
  );
}

export function SegmentsPage() {
  const { t } = useTranslation();
  const f = useFormat();
  const navigate = useNavigate();
  const list = useQuery(segmentsQuery);
  const columns: Column<Segment>[] = [
    {
      key: 'name',
      label: t('segment.name'),
      width: 'minmax(200px, 2fr)',
      render: (s) => <span className="strong">{s.name}</span>,
    },
    { key: 'count', label: t('nav.people'), width: '120px', align: 'right', render: (s) => <Count segment={s} /> },
    {
      key: 'at',
      label: t('segment.changed'),
      width: '200px',
      align: 'right',
      minor: true,
      render: (s) => f.dateTime(s.updated_at),
    },
  ];
  const create = (
    <Button component={Link} to="/segments/new" leftSection={<IconPlus size={16} />}>
      {t('nav.newSegment')}
    </Button>
  );
  return (
    <Page title={t('segment.title')} lead={t('segment.lead')} actions={create} fill>
      <Loaded query={list} skeleton={<BoneRows rows={6} />}>
        {(page) => (
          <>
            <Suggestions />
            <DataTable
              label={t('segment.title')}
              columns={columns}
              rows={page.items}
              rowKey={(s) => s.id}
              onOpen={(s) => void navigate({ to: '/segments/$id', params: { id: s.id } })}
              empty={
                <Empty icon={<IconFilter size={22} />} title={t('segment.none')} action={create}>
                  {t('segment.noneText')}
                </Empty>
              }
            />
          </>
        )}
      </Loaded>
    </Page>
  );
}
