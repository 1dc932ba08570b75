import { Button } from '@mantine/core';
import { IconArrowBackUp, IconGitMerge } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
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
import './identity.css';

export function MergesPage() {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const dedup = useQuery(dedupQuery);
  const navigate = useNavigate();
  const search = useSearch({ from: '/inside/people/merges' });
  const list = usePaged<Merge>(['merges'], '/api/merges', { kind: search.kind });
  const undo = useUndoMerge();
  const [open, setOpen] = useState<Merge>();
  const columns: Column<Merge>[] = [
    { key: 'at', label: t('import.col.at'), width: '158px', minor: true, render: (m) => f.dateTime(m.at) },
    {
      key: 'name',
      label: t('people.one'),
      width: 'minmax(120px, 1.7fr)',
      render: (m) =>
        m.customer_id ? (
          <span title={m.name}>
            <Link to="/people/$id" params={{ id: m.customer_id }}>
              {m.name ?? m.customer_id}
            </Link>
          </span>
        ) : (
          (m.name ?? '')
        ),
    },
    {
      key: 'kind',
      label: t('merge.found'),
      width: 'minmax(96px, 1.2fr)',
      render: (m) => <span title={word(`mergeKind.${m.kind}`)}>{word(`mergeKind.${m.kind}`)}</span>,
    },
    {
      key: 'p',
      label: t('merge.probability'),
      width: '96px',
      align: 'right',
      minor: true,
      render: (m) => f.pct(m.probability, 1),
    },
    {
      key: 'by',
      label: t('merge.by'),
      width: '112px',
      minor: true,
      render: (m) => (m.made_by === 'engine' ? t('merge.byEngine') : t('merge.byPerson')),
    },
    {
      key: 'undo',
      label: t('do.undo'),
      quiet: true,
      minor: true,
      width: '126px',
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
  const kinds = [...(dedup.data?.kinds ?? [])].sort((a, b) => b.count - a.count);
  const pick = (kind: string | undefined) => void navigate({ to: '/people/merges', search: { kind }, replace: true });
  return (
    <Page title={t('merge.title')} lead={t('merge.lead')}>
      <div className="merges-page">
        <div className="merges-list">
          {search.kind && (
            <div className="row wrap tight">
              <span className="pill" data-tone="accent">
                {word(`mergeKind.${search.kind}`)}
              </span>
              <button type="button" className="link small" onClick={() => pick(undefined)}>
                {t('merge.all')}
              </button>
            </div>
          )}
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
        </div>
        <div className="col">
          <Loaded query={dedup} skeleton={<BoneRows rows={4} />}>
            {() =>
              kinds.length > 0 ? (
                <Card title={t('merge.byKind')}>
                  <Bars
                    bars={kinds.map((k) => ({
                      key: k.kind,
                      label: word(`mergeKind.${k.kind}`),
                      value: k.count,
                      onOpen: () => pick(k.kind),
                    }))}
                    unit="none"
                  />
                </Card>
              ) : null
            }
          </Loaded>
          <BeliefsCard />
        </div>
      </div>
      {open && (
        <SidePanel title={word(`mergeKind.${open.kind}`)} lead={f.dateTime(open.at)} onClose={() => setOpen(undefined)}>
          <div className="row wrap">
            {open.customer_id && (
              <Link to="/people/$id" params={{ id: open.customer_id }}>
                {open.name}
              </Link>
            )}
            {!open.undone_at && (
              <Button
                className="end"
                size="compact-sm"
                variant="default"
                leftSection={<IconArrowBackUp size={15} />}
                loading={undo.isPending}
                onClick={() => undo.mutate(open.id, { onSuccess: () => setOpen(undefined) })}
              >
                {t('do.undo')}
              </Button>
            )}
          </div>
          <p className="dim">{t('merge.explain')}</p>
          <Reasons reasons={open.reasons} />
        </SidePanel>
      )}
    </Page>
  );
}
