import { ActionIcon, Button, NativeSelect, TextInput } from '@mantine/core';
import { IconPlus, IconShieldCheck, IconTrash } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '~/api/client';
import { usePaged } from '~/api/paged';
import type { LegalBasis, Source } from '~/api/types';
import { type Column, DataTable } from '~/design/datatable';
import { useFormat } from '~/design/format';
import { Card } from '~/design/page';
import { BoneRows, Empty, ErrorNote, Loaded, useProblemText } from '~/design/state';
import { done, failed } from '~/design/toast';
import { useWord } from '~/i18n/word';
import { sourcesQuery, useSetBasis } from '~/ingest/api';

const PURPOSES = ['marketing', 'service', 'automatic_calls', 'ad_audiences', 'processing'] as const;
const CHANNELS = ['email', 'sms', 'call'] as const;
const BASES = ['consent', 'soft_opt_in', 'contract'] as const;

/** Without a declared basis nobody of a source may be contacted, and the waterfall says so. */
export function ConsentSettings() {
  const { t } = useTranslation();
  const sources = useQuery(sourcesQuery);
  return (
    <>
      <p className="dim">{t('basisPage.text')}</p>
      <Loaded query={sources} skeleton={<BoneRows rows={5} />}>
        {(page) =>
          page.items.length === 0 ? (
            <Card>
              <Empty icon={<IconShieldCheck size={22} />} title={t('basisPage.none')}>
                {t('import.noneText')}
              </Empty>
            </Card>
          ) : (
            page.items.map((s) => <SourceBasis key={s.id} source={s} />)
          )
        }
      </Loaded>
    </>
  );
}

function SourceBasis({ source }: { source: Source }) {
  const { t } = useTranslation();
  const f = useFormat();
  const problem = useProblemText();
  const [rows, setRows] = useState<LegalBasis[]>(source.legal_basis);
  const save = useSetBasis();
  const set = (i: number, change: Partial<LegalBasis>) =>
    setRows(rows.map((r, x) => (x === i ? { ...r, ...change } : r)));
  const dirty = JSON.stringify(rows) !== JSON.stringify(source.legal_basis);
  return (
    <Card
      title={source.name}
      aside={
        <span className="dim small">{t('basisPage.records', { count: source.records, n: f.n(source.records) })}</span>
      }
    >
      <div className="col">
        {rows.length === 0 && (
          <div className="note" data-tone="warn">
            {t('basisPage.nobody')}
          </div>
        )}
        {rows.map((r, i) => (
          <div key={i} className="row wrap">
            <NativeSelect
              aria-label={t('basisPage.channel')}
              value={r.channel}
              data={[...new Set<string>([...CHANNELS, r.channel])].map((value) => ({
                value,
                label: t(`channel.${value as 'email'}`),
              }))}
              onChange={(e) => set(i, { channel: e.currentTarget.value })}
            />
            <NativeSelect
              aria-label={t('basisPage.purpose')}
              value={r.purpose}
              data={PURPOSES.map((value) => ({ value, label: t(`purpose.${value}`) }))}
              onChange={(e) => set(i, { purpose: e.currentTarget.value })}
            />
            <NativeSelect
              aria-label={t('basisPage.basis')}
              value={r.basis}
              data={BASES.map((value) => ({ value, label: t(`basis.${value}`) }))}
              onChange={(e) => set(i, { basis: e.currentTarget.value })}
            />
            <TextInput
              className="grow"
              aria-label={t('basisPage.proof')}
              placeholder={t('basisPage.proof')}
              value={typeof r.proof === 'string' ? r.proof : ''}
              onChange={(e) => set(i, { proof: e.target.value })}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={t('do.delete')}
              onClick={() => setRows(rows.filter((_, x) => x !== i))}
            >
              <IconTrash size={16} />
            </ActionIcon>
          </div>
        ))}
        <div className="row">
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<IconPlus size={14} />}
            onClick={() =>
              setRows([...rows, { purpose: 'marketing', channel: 'email', basis: 'soft_opt_in', proof: '' }])
            }
          >
            {t('do.add')}
          </Button>
          {dirty && (
            <Button
              size="compact-sm"
              loading={save.isPending}
              onClick={() =>
                save.mutate(
                  { id: source.id, legal_basis: rows },
                  { onSuccess: () => done(t('state.saved')), onError: (e) => failed(problem(e)) },
                )
              }
            >
              {t('do.save')}
            </Button>
          )}
        </div>
      </div>
    </Card>
  );
}

interface Suppression {
  id: string;
  kind: string;
  value?: string | null;
  channel: string;
  reason: string;
  at: string;
  lifted_at?: string | null;
}

export function StopList() {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const client = useQueryClient();
  const problem = useProblemText();
  const list = usePaged<Suppression>(['suppressions'], '/api/suppressions');
  const [value, setValue] = useState('');
  const again = () => void client.invalidateQueries({ queryKey: ['suppressions'] });
  const add = useMutation({
    mutationFn: () =>
      api.post('/api/suppressions', {
        kind: value.includes('@') ? 'email' : 'phone',
        value: value.trim(),
        reason: 'manual',
      }),
    onSuccess: () => {
      setValue('');
      done(t('stopList.added'));
      again();
    },
    onError: (error) => failed(problem(error)),
  });
  const lift = useMutation({
    mutationFn: (id: string) => api.post(`/api/suppressions/${id}/lift`),
    onSuccess: again,
    onError: (error) => failed(problem(error)),
  });
  const columns: Column<Suppression>[] = [
    {
      key: 'value',
      label: t('card.contacts'),
      width: 'minmax(150px, 1.4fr)',
      render: (s) => <span>{s.value ?? word(`field.${s.kind}`)}</span>,
    },
    { key: 'channel', label: t('base.channel'), width: '130px', render: (s) => word(`channel.${s.channel}`) },
    {
      key: 'reason',
      label: t('import.reject.reason'),
      width: 'minmax(140px, 1.2fr)',
      render: (s) => <span>{word(`stopReason.${s.reason}`)}</span>,
    },
    { key: 'at', label: t('import.col.at'), width: '160px', minor: true, render: (s) => f.dateTime(s.at) },
    {
      key: 'lift',
      label: t('stopList.lift'),
      quiet: true,
      width: '110px',
      align: 'right',
      render: (s) =>
        s.lifted_at ? (
          <span className="pill">{t('stopList.lifted')}</span>
        ) : s.reason === 'manual' ? (
          <Button size="compact-xs" variant="subtle" onClick={() => lift.mutate(s.id)}>
            {t('stopList.lift')}
          </Button>
        ) : null,
    },
  ];
  return (
    <>
      <p className="dim">{t('stopList.text')}</p>
      <form
        className="row top"
        onSubmit={(event) => {
          event.preventDefault();
          add.mutate();
        }}
      >
        <TextInput
          className="grow"
          required
          placeholder={t('stopList.placeholder')}
          aria-label={t('stopList.placeholder')}
          value={value}
          onChange={(e) => setValue(e.target.value)}
        />
        <Button type="submit" loading={add.isPending}>
          {t('do.add')}
        </Button>
      </form>
      {list.error ? (
        <ErrorNote error={list.error} retry={() => void list.refetch()} />
      ) : list.pending ? (
        <BoneRows rows={8} />
      ) : (
        <DataTable
          label={t('settings.stoplist')}
          columns={columns}
          rows={list.rows ?? []}
          rowKey={(s) => s.id}
          more={list.more}
          onMore={list.fetchMore}
          height={480}
          empty={<Empty icon={<IconShieldCheck size={22} />} title={t('stopList.none')} />}
        />
      )}
    </>
  );
}
