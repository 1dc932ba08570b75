import { Select } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { usePaged } from '~/api/paged';
import { type Column, DataTable } from '~/design/datatable';
import { NONE, useFormat } from '~/design/format';
import { Card } from '~/design/page';
import { BoneRows, Empty, ErrorNote } from '~/design/state';
import { useWord } from '~/i18n/word';
import { DRIVERS, type Talk } from './types';

/** The talks in which people said why, with the order and the employee as far as they are known. */
export function Talks() {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const navigate = useNavigate();
  const [driver, setDriver] = useState('');
  const list = usePaged<Talk>(['talks'], '/api/insight/talks', { driver });
  const columns: Column<Talk>[] = [
    {
      key: 'name',
      label: t('people.col.name'),
      width: 'minmax(130px, 1.2fr)',
      render: (x) => <span className="strong">{x.name || t('people.unnamed')}</span>,
    },
    {
      key: 'reason',
      label: t('churn.reason'),
      width: 'minmax(130px, 1.2fr)',
      render: (x) => x.reason_name || word(`reason.${x.reason}`),
    },
    {
      key: 'about',
      label: t('improve.talks.about'),
      width: 'minmax(140px, 1.4fr)',
      minor: true,
      render: (x) =>
        [x.competitor, x.employee, x.order_number && t('improve.talks.order', { number: x.order_number })]
          .filter(Boolean)
          .join(' · ') || <span className="dim">{NONE}</span>,
    },
    {
      key: 'operator',
      label: t('improve.talks.operator'),
      width: 'minmax(100px, 1fr)',
      minor: true,
      render: (x) => x.operator ?? NONE,
    },
    { key: 'at', label: t('improve.plan.talk'), width: '124px', align: 'right', render: (x) => f.date(x.at) },
  ];
  return (
    <Card
      title={t('improve.talks.title')}
      aside={
        <Select
          aria-label={t('improve.drivers.first')}
          value={driver}
          data={[
            { value: '', label: t('improve.talks.all') },
            ...DRIVERS.map((d) => ({ value: d, label: word(`improve.driver.${d}`) })),
          ]}
          allowDeselect={false}
          onChange={(v) => setDriver(v ?? '')}
        />
      }
    >
      {list.error && !list.rows ? (
        <ErrorNote error={list.error} retry={() => void list.refetch()} />
      ) : list.pending ? (
        <BoneRows rows={6} />
      ) : (
        <DataTable
          label={t('improve.talks.title')}
          columns={columns}
          rows={list.rows ?? []}
          rowKey={(x) => x.id}
          onOpen={(x) => void navigate({ to: '/people/$id', params: { id: x.customer_id } })}
          more={list.more}
          onMore={list.fetchMore}
          height={list.rows?.length ? 320 : undefined}
          empty={<Empty title={t('improve.talks.none')} />}
        />
      )}
    </Card>
  );
}
