import { Button, MultiSelect, NativeSelect, NumberInput, Switch, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '~/api/client';
import { useSession } from '~/app/router';
import { majorScale, useMoneyField } from '~/design/format';
import { SidePanel } from '~/design/panel';
import { ErrorNote } from '~/design/state';
import { done } from '~/design/toast';
import { objectionsQuery, reasonsQuery, useOfferGapName } from './api';
import { DRIVERS, OFFER_KINDS, type Offer } from './types';

/** Signs of leaving that an offer may answer. */
const SIGNALS = [
  'overdue',
  'never_came_back',
  'spending_less',
  'slowing_down',
  'bad_experience',
  'complained',
] as const;

/** One offer: what it is, what it may cost, to whom it is given. */
export function OfferPanel({ offer, onClose }: { offer?: Offer; onClose: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { currency } = useSession().workspace;
  const money = useMoneyField(currency);
  const scale = majorScale(currency);
  const minor = (value: number | string) => Math.round(Number(value || 0) * scale);
  const major = (value?: { minor: number } | null) => (value ? value.minor / scale : 0);
  const gapName = useOfferGapName();
  const reasons = useQuery(reasonsQuery);
  const library = useQuery(objectionsQuery);
  const [form, setForm] = useState({
    name: offer?.name ?? '',
    kind: offer?.kind ?? ('percent' as Offer['kind']),
    percent: offer?.percent || 10,
    cost: major(offer?.cost) as number | string,
    words: offer?.words ?? '',
    valid_days: (offer?.valid_days ?? 14) as number | string,
    month_limit: (offer?.month_limit ?? 0) as number | string,
    month_budget: major(offer?.month_budget) as number | string,
    gaps: offer?.gaps ?? [],
    least_value: major(offer?.least_value) as number | string,
    retired: offer?.retired ?? false,
  });
  const set = (to: Partial<typeof form>) => setForm({ ...form, ...to });
  const save = useMutation({
    mutationFn: () => {
      const body = {
        name: form.name,
        kind: form.kind,
        percent: form.percent,
        cost_minor: minor(form.cost),
        words: form.words,
        valid_days: Number(form.valid_days),
        month_limit: Number(form.month_limit),
        month_budget_minor: minor(form.month_budget),
        gaps: form.gaps,
        least_value_minor: minor(form.least_value),
        retired: form.retired,
        seen: offer?.updated_at,
      };
      return offer ? api.patch(`/api/offers/${offer.id}`, body) : api.post('/api/offers', body);
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['offers'] });
      done(t('state.saved'));
      onClose();
    },
  });
  const choices = [
    {
      group: t('improve.offers.group.reasons'),
      items: [
        ...DRIVERS.map((d) => `driver:${d}`),
        ...(reasons.data?.items ?? []).filter((r) => !r.retired).map((r) => `reason:${r.code}`),
      ],
    },
    {
      group: t('improve.offers.group.objections'),
      items: (library.data?.items ?? []).filter((o) => !o.retired).map((o) => `objection:${o.code}`),
    },
    { group: t('improve.offers.group.signals'), items: SIGNALS.map((s) => `signal:${s}`) },
  ].map((g) => ({ group: g.group, items: g.items.map((value) => ({ value, label: gapName(value) })) }));
  return (
    <SidePanel wide title={offer?.name ?? t('improve.offers.add')} onClose={onClose}>
      <form
        className="col"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <TextInput
          label={t('improve.offers.name')}
          required
          maxLength={80}
          value={form.name}
          onChange={(e) => set({ name: e.target.value })}
        />
        <div className="two">
          <NativeSelect
            label={t('improve.offers.kindLabel')}
            value={form.kind}
            onChange={(e) => set({ kind: e.currentTarget.value as Offer['kind'] })}
            data={OFFER_KINDS.map((value) => ({ value, label: t(`improve.offers.kind.${value}`) }))}
          />
          {form.kind === 'percent' && (
            <NumberInput
              label={t('improve.offers.percent')}
              min={1}
              max={100}
              suffix=" %"
              value={form.percent}
              onChange={(v) => set({ percent: Number(v) })}
            />
          )}
          <NumberInput
            label={t('improve.offers.most')}
            {...money}
            description={t('improve.offers.mostHint')}
            min={0}
            value={form.cost}
            onChange={(v) => set({ cost: v })}
          />
          <NumberInput
            label={t('improve.offers.validDays')}
            min={1}
            max={365}
            value={form.valid_days}
            onChange={(v) => set({ valid_days: v })}
          />
          <NumberInput
            label={t('improve.offers.limit')}
            description={t('improve.offers.zero')}
            min={0}
            value={form.month_limit}
            onChange={(v) => set({ month_limit: v })}
          />
          <NumberInput
            label={t('improve.offers.budget')}
            {...money}
            description={t('improve.offers.zero')}
            min={0}
            value={form.month_budget}
            onChange={(v) => set({ month_budget: v })}
          />
          <NumberInput
            label={t('improve.offers.least')}
            {...money}
            min={0}
            value={form.least_value}
            onChange={(v) => set({ least_value: v })}
          />
        </div>
        <MultiSelect
          label={t('improve.offers.gaps')}
          description={t('improve.offers.gapsHint')}
          data={choices}
          value={form.gaps}
          onChange={(gaps) => set({ gaps })}
          searchable
        />
        <Textarea
          label={t('improve.offers.words')}
          autosize
          minRows={2}
          maxLength={500}
          value={form.words}
          onChange={(e) => set({ words: e.target.value })}
        />
        {offer && (
          <Switch
            label={t('improve.dictionary.offered')}
            checked={!form.retired}
            onChange={(e) => set({ retired: !e.currentTarget.checked })}
          />
        )}
        {save.error && <ErrorNote error={save.error} />}
        <div>
          <Button type="submit" loading={save.isPending} disabled={!form.name.trim()}>
            {t('do.save')}
          </Button>
        </div>
      </form>
    </SidePanel>
  );
}
