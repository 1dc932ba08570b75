import { Button, Select, Switch, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '~/api/client';
import { SidePanel } from '~/design/panel';
import { Loaded, useProblemText } from '~/design/state';
import { done, failed } from '~/design/toast';
import { useWord } from '~/i18n/word';
import { reasonsQuery } from './api';
import { type Asks, DRIVERS, type Driver, type LeavingReason } from './types';

const ASKS: readonly Asks[] = ['nothing', 'competitor', 'order', 'employee'];

type Change = Partial<Pick<LeavingReason, 'name' | 'asks' | 'retired'>>;

/** The two levels of reasons: the first is closed, the second belongs to the shop. */
export function DictionaryPanel({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const word = useWord();
  const client = useQueryClient();
  const problem = useProblemText();
  const reasons = useQuery(reasonsQuery);
  const fresh = () =>
    Promise.all([
      client.invalidateQueries({ queryKey: ['leaving-reasons'] }),
      client.invalidateQueries({ queryKey: ['insight'] }),
      client.invalidateQueries({ queryKey: ['recommendations'] }),
    ]);
  const change = useMutation({
    mutationFn: ({ reason, to }: { reason: LeavingReason; to: Change }) =>
      api.patch(`/api/leaving-reasons/${reason.code}`, to),
    onSuccess: async (_, { reason, to }) => {
      await fresh();
      const back = Object.fromEntries(Object.keys(to).map((k) => [k, reason[k as keyof Change]])) as Change;
      done(t('state.saved'), () => change.mutate({ reason: { ...reason, ...to }, to: back }));
    },
    onError: (error) => failed(problem(error)),
  });
  return (
    <SidePanel wide title={t('improve.dictionary.title')} lead={t('improve.dictionary.lead')} onClose={onClose}>
      <Loaded query={reasons}>
        {(page) => (
          <div className="col loose">
            {DRIVERS.map((driver) => (
              <section key={driver} className="col tight">
                <h3>{word(`improve.driver.${driver}`)}</h3>
                {page.items
                  .filter((r) => r.driver === driver)
                  .map((reason) => (
                    <Row
                      key={`${reason.code}:${reason.name}`}
                      reason={reason}
                      onChange={(to) => change.mutate({ reason, to })}
                    />
                  ))}
                <Add driver={driver} onDone={fresh} />
              </section>
            ))}
          </div>
        )}
      </Loaded>
    </SidePanel>
  );
}

function Row({ reason, onChange }: { reason: LeavingReason; onChange: (to: Change) => void }) {
  const { t } = useTranslation();
  const word = useWord();
  const [name, setName] = useState(reason.name);
  const shown = word(`reason.${reason.code}`);
  const settle = () => {
    const next = name.trim();
    if (next !== reason.name && (next !== '' || reason.shipped)) onChange({ name: next });
    else setName(reason.name);
  };
  return (
    <div className="row wrap tight">
      <TextInput
        className="grow"
        aria-label={t('improve.dictionary.name')}
        placeholder={reason.shipped ? shown : undefined}
        value={name}
        onChange={(e) => setName(e.target.value)}
        onBlur={settle}
        onKeyDown={(e) => e.key === 'Enter' && settle()}
      />
      <Select
        w={150}
        aria-label={t('improve.dictionary.asks')}
        value={reason.asks}
        data={ASKS.map((a) => ({ value: a, label: t(`improve.asks.${a}`) }))}
        allowDeselect={false}
        onChange={(v) => v && onChange({ asks: v as Asks })}
      />
      <Switch
        label={t('improve.dictionary.offered')}
        checked={!reason.retired}
        onChange={(e) => onChange({ retired: !e.currentTarget.checked })}
      />
    </div>
  );
}

function Add({ driver, onDone }: { driver: Driver; onDone: () => Promise<unknown> }) {
  const { t } = useTranslation();
  const problem = useProblemText();
  const [name, setName] = useState('');
  const add = useMutation({
    mutationFn: () => api.post('/api/leaving-reasons', { driver, name: name.trim() }),
    onSuccess: async () => {
      setName('');
      await onDone();
    },
    onError: (error) => failed(problem(error)),
  });
  return (
    <form
      className="row tight"
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim()) add.mutate();
      }}
    >
      <TextInput
        className="grow"
        aria-label={t('improve.dictionary.add')}
        placeholder={t('improve.dictionary.add')}
        value={name}
        onChange={(e) => setName(e.target.value)}
      />
      <Button type="submit" variant="default" disabled={!name.trim()} loading={add.isPending}>
        {t('do.add')}
      </Button>
    </form>
  );
}
