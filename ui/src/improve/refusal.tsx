import { NativeSelect, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { CustomerCard } from '~/api/types';
import { useFormat } from '~/design/format';
import { ErrorNote } from '~/design/state';
import { useWord } from '~/i18n/word';
import { reasonsQuery, useReasonName } from './api';
import { DRIVERS } from './types';

export interface Refusal {
  reason: string;
  competitor: string;
  employee: string;
  order_id: string;
}

export const NO_REFUSAL: Refusal = { reason: '', competitor: '', employee: '', order_id: '' };

/** What goes with the outcome: only what was said. */
export function said(refusal: Refusal): Record<string, string> {
  return Object.fromEntries(
    Object.entries(refusal)
      .map(([name, value]) => [name, value.trim()] as const)
      .filter(([, value]) => value !== ''),
  );
}

/** Why the person leaves, and what exactly it was: one detail is asked for, as the reason says. */
export function RefusalFields({
  value,
  onChange,
  orders,
}: {
  value: Refusal;
  onChange: (next: Refusal) => void;
  orders: CustomerCard['orders'];
}) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const reasonName = useReasonName();
  const reasons = useQuery(reasonsQuery);
  const offered = (reasons.data?.items ?? []).filter((r) => !r.retired);
  const asks = offered.find((r) => r.code === value.reason)?.asks ?? 'nothing';
  return (
    <>
      {reasons.error && <ErrorNote error={reasons.error} retry={() => void reasons.refetch()} />}
      <NativeSelect
        label={t('desk.reason')}
        required
        value={value.reason}
        // A detail of another reason is not carried over.
        onChange={(e) => onChange({ ...NO_REFUSAL, reason: e.currentTarget.value })}
        data={[
          { value: '', label: t('desk.reasonChoose') },
          ...DRIVERS.map((driver) => ({
            group: word(`improve.driver.${driver}`),
            items: offered.filter((r) => r.driver === driver).map((r) => ({ value: r.code, label: reasonName(r) })),
          })).filter((group) => group.items.length > 0),
        ]}
      />
      {asks === 'competitor' && (
        <TextInput
          label={t('improve.refusal.competitor')}
          value={value.competitor}
          maxLength={80}
          onChange={(e) => onChange({ ...value, competitor: e.target.value })}
        />
      )}
      {asks === 'employee' && (
        <TextInput
          label={t('improve.refusal.employee')}
          value={value.employee}
          maxLength={80}
          onChange={(e) => onChange({ ...value, employee: e.target.value })}
        />
      )}
      {asks === 'order' && orders.length > 0 && (
        <NativeSelect
          label={t('improve.refusal.order')}
          value={value.order_id}
          onChange={(e) => onChange({ ...value, order_id: e.currentTarget.value })}
          data={[
            { value: '', label: t('improve.refusal.noOrder') },
            ...orders.map((o) => ({
              value: o.id,
              label: [o.number, f.date(o.day), f.money(o.amount.minor, o.amount.currency)].filter(Boolean).join(' · '),
            })),
          ]}
        />
      )}
    </>
  );
}
