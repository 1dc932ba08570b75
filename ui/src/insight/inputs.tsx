import { Button, FileButton, NumberInput, Select, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '~/access/session';
import { api, send } from '~/api/client';
import { useSession } from '~/app/router';
import { useFormat } from '~/design/format';
import { Card } from '~/design/page';
import { ErrorNote, Loaded } from '~/design/state';
import { done } from '~/design/toast';
import { useWord } from '~/i18n/word';

interface Input {
  month: string | null;
  kind: string;
  channel?: string;
  amount: number | null;
}

const KINDS = [
  'margin_share',
  'acquisition_spend',
  'advertising_spend',
  'leads',
  'new_customers',
  'retention_spend',
] as const;
const COUNTS = ['leads', 'new_customers'];
const BY_CHANNEL = ['acquisition_spend', 'advertising_spend', 'leads', 'new_customers'];

/** Costs and margins that no export holds: without them figures are revenue, and say so. */
export function Inputs() {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const session = useSession();
  const { currency } = session.workspace;
  const client = useQueryClient();
  const [kind, setKind] = useState<(typeof KINDS)[number]>('margin_share');
  const [month, setMonth] = useState('');
  const [channel, setChannel] = useState('');
  const [amount, setAmount] = useState<number | string>('');
  const query = useQuery({
    queryKey: ['insight', 'inputs'],
    queryFn: ({ signal }) => api.get<{ items: Input[] }>('/api/insight/inputs', undefined, signal),
  });
  const save = useMutation({
    mutationFn: (items: Input[]) => api.put('/api/insight/inputs', { items }),
    onSuccess: () => {
      setAmount('');
      void client.invalidateQueries({ queryKey: ['insight'] });
    },
  });
  const load = useMutation({
    mutationFn: async (file: File) =>
      send('POST', '/api/insight/inputs/import', {
        text: { body: await file.text(), type: 'text/csv' },
      }),
    onSuccess: () => {
      done(t('state.saved'));
      void client.invalidateQueries({ queryKey: ['insight'] });
    },
  });
  const put = (input: Input, before?: Input) =>
    save.mutate([input], {
      onSuccess: () => done(t('state.saved'), before ? () => save.mutate([before]) : undefined),
    });
  const share = kind === 'margin_share';
  const money = !share && !COUNTS.includes(kind);
  const channels = BY_CHANNEL.includes(kind);
  const show = (x: Input) =>
    x.kind === 'margin_share'
      ? f.pct(x.amount, 1)
      : COUNTS.includes(x.kind)
        ? f.n(x.amount)
        : f.money(x.amount, currency);
  return (
    <Card title={t('inputs.title')}>
      <div className="col">
        <p className="dim">{t('inputs.text')}</p>
        <Loaded query={query}>
          {(list) =>
            list.items.length > 0 ? (
              <table className="plain-table">
                <tbody>
                  {list.items.map((x) => (
                    <tr key={`${x.kind}${x.channel}${x.month}`}>
                      <td>
                        {x.kind.startsWith('campaign_cost') ? t('inputs.campaignCost') : word(`inputs.kind.${x.kind}`)}
                      </td>
                      <td>{x.channel ?? ''}</td>
                      <td>{x.month ? f.month(x.month) : t('inputs.always')}</td>
                      <td className="n">{show(x)}</td>
                      <td className="n">
                        <button type="button" className="link" onClick={() => put({ ...x, amount: null }, x)}>
                          {t('do.delete')}
                        </button>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            ) : null
          }
        </Loaded>
        {can(session, 'import') && (
          <form
            className="row wrap top"
            onSubmit={(event) => {
              event.preventDefault();
              const value = Number(amount);
              put({
                month: share ? null : month,
                kind,
                channel: channels && channel.trim() !== '' ? channel.trim() : undefined,
                amount: share ? value / 100 : money ? Math.round(value * 100) : value,
              });
            }}
          >
            <Select
              aria-label={t('inputs.what')}
              w={230}
              value={kind}
              onChange={(v) => v && setKind(v)}
              data={KINDS.map((value) => ({ value, label: t(`inputs.kind.${value}`) }))}
            />
            {!share && (
              <TextInput
                type="month"
                required
                aria-label={t('base.month')}
                value={month}
                onChange={(e) => setMonth(e.target.value)}
              />
            )}
            {channels && (
              <TextInput
                required={kind === 'new_customers'}
                maxLength={60}
                aria-label={t('inputs.channel')}
                placeholder={t('inputs.channel')}
                value={channel}
                onChange={(e) => setChannel(e.target.value)}
              />
            )}
            <NumberInput
              required
              aria-label={t('segment.value')}
              placeholder={share ? '35 %' : money ? currency : ''}
              suffix={share ? ' %' : undefined}
              min={0}
              max={share ? 100 : undefined}
              value={amount}
              onChange={setAmount}
            />
            <Button type="submit" variant="default" loading={save.isPending} disabled={amount === ''}>
              {t('do.add')}
            </Button>
          </form>
        )}
        {can(session, 'import') && (
          <div className="row wrap">
            <FileButton accept=".csv,text/csv" onChange={(file) => file && load.mutate(file)}>
              {(props) => (
                <Button {...props} variant="subtle" loading={load.isPending}>
                  {t('inputs.import')}
                </Button>
              )}
            </FileButton>
            <span className="dim small grow">{t('inputs.importText')}</span>
          </div>
        )}
        {(save.error ?? load.error) && <ErrorNote error={save.error ?? load.error} />}
      </div>
    </Card>
  );
}
