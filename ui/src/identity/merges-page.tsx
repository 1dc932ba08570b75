import { Button } from '@mantine/core';
import { IconArrowBackUp, IconGitMerge } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { usePaged } from '~/api/paged';
import type { Merge } from '~/api/types';
import { Bars } from '~/design/bars';
import { type Column, DataTable } from '~/design/datatable';
import { useFormat } from '~/design/format';
import { Card, Page } from '~/design/page';
import { SidePanel } from '~/design/panel';
import { BoneRows, Empty, ErrorNote, Loaded } from '~/design/state';
import { useWord } from '~/i18n/word';
import { dedupQuery } from './api';
import { BeliefsCard } from './beliefs-card';
import { Reasons, useUndoMerge } from './customer';

export function MergesPage() {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const dedup = useQuery(dedupQuery);
  const list = usePaged<Merge>(['merges'], '/api/merges');
  const undo = useUndoMerge();
  const [open, setOpen] = useState<Merge>();
  const columns: Column<Merge>[] = [
    { key: 'at', label: t('import.col.at'), width: '178px', render: (m) => f.dateTime(m.at) },
    {
      key: 'name',
      label: t('people.one'),
      width: 'minmax(140px, 1.4fr)',
      render: (m) =>
        m.customer_id ? (
          <Link to="/people/$id" params={{ id: m.customer_id }}>
            {m.name ?? m.customer_id}
          </Link>
        ) : (
          (m.name ?? '')
        ),
    },
    {
      key: 'kind',
      label: t('merge.found'),
      width: 'minmax(140px, 1.4fr)',
      render: (m) => <span>{word(`mergeKind.${m.kind}`)}</span>,
    },
    {
      key: 'p',
      label: t('merge.probability'),
      width: '110px',
      align: 'right',
      minor: true,
      render: (m) => f.pct(m.probability, 1),
    },
    {
      key: 'by',
      label: t('merge.by'),
      width: '120px',
      minor: true,
      render: (m) => (m.made_by === 'engine' ? t('merge.byEngine') : t('merge.byPerson')),
    },
    {
      key: 'undo',
      label: t('do.undo'),
      quiet: true,
      width: '120px',
      align: 'right',
      render: (m) =>
        m.undone_at ? (
          <span className="pill">{t('merge.wasUndone')}</span>
        ) : (
          <Button
            size="compact-xs"
            variant="subtle"
            leftSection={<IconArrowBackUp size={14} />}
            onClick={(event) => {
              event.stopPropagation();
              undo.mutate(m.id);
            }}
          >
            {t('do.undo')}
          </Button>
        ),
    },
  ];
  return (
    <Page title={t('merge.title')} lead={t('merge.lead')} fill>
      <Loaded query={dedup} skeleton={<BoneRows rows={4} />}>
        {(d) =>
          (d.kinds ?? []).length > 0 ? (
            <Card title={t('merge.byKind')}>
              <Bars
                bars={[...d.kinds]
                  .sort((a, b) => b.count - a.count)
                  .slice(0, 6)
                  .map((k) => ({ key: k.kind, label: word(`mergeKind.${k.kind}`), value: k.count }))}
                unit="none"
              />
            </Card>
          ) : null
        }
      </Loaded>
      <BeliefsCard />
      {list.error ? (
        <ErrorNote error={list.error} retry={() => void list.refetch()} />
      ) : list.pending ? (
        <BoneRows rows={10} />
      ) : (
        <DataTable
          label={t('merge.title')}
          columns={columns}
          rows={list.rows ?? []}
          rowKey={(m) => m.id}
          openKey={open?.id ?? ''}
          onOpen={setOpen}
          more={list.more}
          onMore={list.fetchMore}
          total={list.total}
          empty={
            <Empty icon={<IconGitMerge size={22} />} title={t('merge.none')}>
              {t('merge.noneText')}
            </Empty>
          }
        />
      )}
      {open && (
        <SidePanel title={word(`mergeKind.${open.kind}`)} lead={f.dateTime(open.at)} onClose={() => setOpen(undefined)}>
          <p className="dim">{t('merge.explain')}</p>
          <Reasons reasons={open.reasons} />
        </SidePanel>
      )}
    </Page>
  );
}
