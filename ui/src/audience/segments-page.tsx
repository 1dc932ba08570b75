import { Button } from '@mantine/core';
import { IconFilter, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { api } from '~/api/client';
import { type Column, DataTable } from '~/design/datatable';
import { useFormat } from '~/design/format';
import { Page } from '~/design/page';
import { BoneRows, Empty, Loaded } from '~/design/state';
import { type Segment, segmentsQuery } from './api';

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

export function SegmentsPage() {
  const { t } = useTranslation();
  const f = useFormat();
  const navigate = useNavigate();
  const list = useQuery(segmentsQuery);
  const columns: Column<Segment>[] = [
    { key: 'name', label: t('segment.name'), width: 'minmax(200px, 2fr)', render: (s) => <span className="strong">{s.name}</span> },
    { key: 'count', label: t('nav.people'), width: '120px', align: 'right', render: (s) => <Count segment={s} /> },
    { key: 'at', label: t('segment.changed'), width: '200px', align: 'right', minor: true, render: (s) => f.dateTime(s.updated_at) },
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
        )}
      </Loaded>
    </Page>
  );
}
