import { Button, NativeSelect, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '~/access/session';
import { api } from '~/api/client';
import { useSession } from '~/app/router';
import { useFormat } from '~/design/format';
import { SidePanel } from '~/design/panel';
import { ErrorNote, Loaded } from '~/design/state';
import { done } from '~/design/toast';
import { useWord } from '~/i18n/word';
import { reasonsQuery, useGapName } from './api';
import { EffectTable } from './effect-table';
import {
  type Board,
  DRIVERS,
  type Improvement,
  type ImprovementCard,
  LANES,
  type Lane,
  METRICS,
  STATUSES,
} from './types';

type Form = Pick<Improvement, 'title' | 'lane' | 'reason' | 'touchpoint' | 'status' | 'metric' | 'note'> & {
  owner_id: string;
  due_day: string;
  in_place_day: string;
};

/** Places where a customer meets the shop; others may be typed. */
const TOUCHPOINTS = [
  'delivery',
  'support',
  'sales',
  'loyalty',
  'offer',
  'product',
  'after_purchase',
  'letter',
  'call',
] as const;
const SIGNALS = [
  'overdue',
  'never_came_back',
  'spending_less',
  'slowing_down',
  'bad_experience',
  'complained',
] as const;

function formOf(i?: Improvement, lane: Lane = 'service'): Form {
  return {
    title: i?.title ?? '',
    lane: i?.lane ?? lane,
    reason: i?.reason ?? '',
    touchpoint: i?.touchpoint ?? '',
    owner_id: i?.owner_id ?? '',
    status: i?.status ?? 'idea',
    due_day: i?.due_day ?? '',
    in_place_day: i?.in_place_day ?? '',
    metric: i?.metric ?? 'reason_share',
    note: i?.note ?? '',
  };
}

interface Props {
  board: Board;
  onClose: () => void;
  onMade: (id: string) => void;
}

/** One improvement: what is mended, where, by whom, until when, what it came to, and who changed what. */
export function ItemPanel({ id, lane, ...rest }: Props & { id?: string; lane?: Lane }) {
  const { t } = useTranslation();
  const card = useQuery({
    queryKey: ['improvements', id],
    enabled: id !== undefined,
    queryFn: ({ signal }) => api.get<ImprovementCard>(`/api/improvements/${id}`, undefined, signal),
  });
  if (id === undefined)
    return (
      <SidePanel wide title={t('improve.board.add')} onClose={rest.onClose}>
        <Editor lane={lane} {...rest} />
      </SidePanel>
    );
  return (
    <SidePanel wide title={card.data?.improvement.title ?? t('improve.tab.board')} onClose={rest.onClose}>
      <Loaded query={card}>
        {(c) => (
          <div className="col loose">
            {c.improvement.effect && <EffectTable effect={c.improvement.effect} />}
            <Editor key={c.improvement.updated_at} card={c} {...rest} />
            <History card={c} board={rest.board} />
          </div>
        )}
      </Loaded>
    </SidePanel>
  );
}

function Editor({ card, lane, board, onMade }: Props & { card?: ImprovementCard; lane?: Lane }) {
  const { t } = useTranslation();
  const word = useWord();
  const client = useQueryClient();
  const mayEdit = can(useSession(), 'unmask');
  const reasons = useQuery(reasonsQuery);
  const gapName = useGapName(reasons.data?.items ?? []);
  const old = formOf(card?.improvement, lane);
  const [form, setForm] = useState<Form>(old);
  const set = (change: Partial<Form>) => setForm({ ...form, ...change });
  const changed = Object.fromEntries(
    (Object.keys(form) as (keyof Form)[]).filter((k) => form[k] !== old[k]).map((k) => [k, form[k]]),
  );
  const save = useMutation({
    mutationFn: () =>
      card
        ? api.patch<ImprovementCard>(`/api/improvements/${card.improvement.id}`, {
            ...changed,
            seen: card.improvement.updated_at,
          })
        : api.post<ImprovementCard>('/api/improvements', form),
    onSuccess: async (made) => {
      client.setQueryData(['improvements', made.improvement.id], made);
      await client.invalidateQueries({ queryKey: ['improvements'] });
      void client.invalidateQueries({ queryKey: ['recommendations'] });
      done(t('state.saved'));
      onMade(made.improvement.id);
    },
  });
  const gaps = [
    { group: t('improve.drivers.first'), items: DRIVERS.map((d) => `driver:${d}`) },
    { group: t('improve.drivers.subs'), items: (reasons.data?.items ?? []).map((r) => `reason:${r.code}`) },
    { group: t('churn.signals'), items: SIGNALS.map((s) => `signal:${s}`) },
  ].map((g) => ({ group: g.group, items: g.items.map((value) => ({ value, label: gapName(value) })) }));
  const others = ['onboarding', 'unknown'].map((value) => ({ value, label: gapName(value) }));
  const touchpoints: { value: string; label: string }[] = TOUCHPOINTS.map((value) => ({
    value,
    label: word(`improve.touchpoint.${value}`),
  }));
  if (form.touchpoint && !touchpoints.some((x) => x.value === form.touchpoint))
    touchpoints.push({ value: form.touchpoint, label: word(`improve.touchpoint.${form.touchpoint}`) });
  return (
    <form
      className="col"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <fieldset className="col plain-set" disabled={!mayEdit}>
        <TextInput
          label={t('improve.item.title')}
          required
          value={form.title}
          onChange={(e) => set({ title: e.target.value })}
        />
        <div className="two">
          <NativeSelect
            label={t('improve.item.reason')}
            value={form.reason}
            onChange={(e) => set({ reason: e.currentTarget.value })}
            data={[{ value: '', label: t('improve.noReason') }, ...gaps, ...others]}
          />
          <NativeSelect
            label={t('improve.item.touchpoint')}
            value={form.touchpoint}
            onChange={(e) => set({ touchpoint: e.currentTarget.value })}
            data={[{ value: '', label: t('improve.noTouchpoint') }, ...touchpoints]}
          />
          <NativeSelect
            label={t('improve.item.lane')}
            value={form.lane}
            onChange={(e) => set({ lane: e.currentTarget.value as Lane })}
            data={LANES.map((value) => ({ value, label: t(`improve.lane.${value}`) }))}
          />
          <NativeSelect
            label={t('improve.item.status')}
            value={form.status}
            onChange={(e) => set({ status: e.currentTarget.value as Form['status'] })}
            data={STATUSES.map((value) => ({ value, label: t(`improve.itemStatus.${value}`) }))}
          />
          <NativeSelect
            label={t('improve.item.owner_id')}
            value={form.owner_id}
            onChange={(e) => set({ owner_id: e.currentTarget.value })}
            data={[
              { value: '', label: t('improve.board.nobody') },
              ...board.owners.map((o) => ({ value: o.id, label: o.name })),
            ]}
          />
          <TextInput
            label={t('improve.item.due_day')}
            type="date"
            value={form.due_day}
            onChange={(e) => set({ due_day: e.target.value })}
          />
          <NativeSelect
            label={t('improve.item.metric')}
            value={form.metric}
            onChange={(e) => set({ metric: e.currentTarget.value })}
            data={METRICS.map((value) => ({ value, label: t(`improve.metric.${value}`) }))}
          />
          <TextInput
            label={t('improve.item.in_place_day')}
            description={t('improve.item.inPlaceHint')}
            type="date"
            value={form.in_place_day}
            onChange={(e) => set({ in_place_day: e.target.value })}
          />
        </div>
        <Textarea
          label={t('improve.item.note')}
          autosize
          minRows={2}
          value={form.note}
          onChange={(e) => set({ note: e.target.value })}
        />
        {save.error && <ErrorNote error={save.error} />}
        {mayEdit && (
          <div>
            <Button
              type="submit"
              loading={save.isPending}
              disabled={!form.title.trim() || (card && Object.keys(changed).length === 0)}
            >
              {t('do.save')}
            </Button>
          </div>
        )}
      </fieldset>
    </form>
  );
}

function History({ card, board }: { card: ImprovementCard; board: Board }) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const reasons = useQuery(reasonsQuery);
  const gapName = useGapName(reasons.data?.items ?? []);
  const say = (field: string, value: string) => {
    if (!value) return '–';
    if (field === 'status') return word(`improve.itemStatus.${value}`);
    if (field === 'lane') return word(`improve.lane.${value}`);
    if (field === 'metric') return word(`improve.metric.${value}`);
    if (field === 'reason') return gapName(value);
    if (field === 'touchpoint') return word(`improve.touchpoint.${value}`);
    if (field === 'owner_id') return board.owners.find((o) => o.id === value)?.name ?? value;
    if (field.endsWith('_day')) return f.date(value);
    return value;
  };
  return (
    <section className="col tight">
      <h3>{t('improve.item.history')}</h3>
      <ul className="col tight plain-list small">
        {card.history.map((h) => (
          <li key={h.id}>
            <span className="dim">
              {f.dateTime(h.at)} · {h.actor ?? t('improve.item.program')}
            </span>
            <br />
            {h.field === 'created'
              ? t('improve.item.created')
              : `${word(`improve.item.${h.field}`)}: ${say(h.field, h.before)} → ${say(h.field, h.after)}`}
          </li>
        ))}
      </ul>
    </section>
  );
}
