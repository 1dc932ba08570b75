import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, Problem } from '~/api/client';
import { NONE, useFormat } from '~/design/format';
import { Card } from '~/design/page';
import { BoneRows, Loaded } from '~/design/state';
import { useWord } from '~/i18n/word';
import type { CardForecast, Signal } from './types';

/** A sign of leaving in a sentence with its own numbers. */
export function useSignalText(): (signal: Signal) => string {
  const f = useFormat();
  const word = useWord();
  return (signal) => {
    const values: Record<string, string> = {};
    for (const [key, value] of Object.entries(signal)) {
      if (typeof value !== 'number') continue;
      values[key] =
        key === 'probability' || (key === 'ratio' && signal.signal === 'spending_less')
          ? f.pct(value, 0)
          : f.n(value, key === 'ratio' ? 1 : 0);
    }
    return word(`signal.${signal.signal}`, values);
  };
}

export function Forecast({ id }: { id: string }) {
  const { t } = useTranslation();
  const f = useFormat();
  const say = useSignalText();
  const query = useQuery({
    queryKey: ['forecast', id],
    queryFn: ({ signal }) => api.get<CardForecast>(`/api/customers/${id}/forecast`, undefined, signal),
  });
  // A customer without orders has no forecast, and that is not an error.
  if (query.error instanceof Problem && query.error.status === 404) return null;
  return (
    <Card title={t('forecast.title')}>
      <Loaded query={query} skeleton={<BoneRows rows={4} />}>
        {(x) => (
          <div className="col">
            {x.risk !== null && (
              <div className="row">
                <span className={`big-n${x.risk > 0.6 ? ' bad' : x.risk > 0.35 ? ' warn' : ' good'}`}>
                  {f.pct(x.risk, 0)}
                </span>
                <span className="dim">{t('forecast.risk')}</span>
              </div>
            )}
            {x.signals.length > 0 && (
              <ul className="contacts small">
                {x.signals.map((s, i) => (
                  <li key={i}>{say(s)}</li>
                ))}
              </ul>
            )}
            <dl className="facts">
              <dt>{t('forecast.alive')}</dt>
              <dd>{f.pct(x.p_alive, 0)}</dd>
              <dt>{t('forecast.due')}</dt>
              <dd>{f.date(x.due_day)}</dd>
              <dt>{t('forecast.next')}</dt>
              <dd>{f.date(x.next_day)}</dd>
              <dt>{t('forecast.orders')}</dt>
              <dd>
                {x.expected_orders
                  ? `${f.n(x.expected_orders.expected, 1)} (${f.n(x.expected_orders.low)}–${f.n(x.expected_orders.high)})`
                  : NONE}
              </dd>
              <dt>{t('forecast.value')}</dt>
              <dd>
                {x.expected_value
                  ? `${f.money(x.expected_value.expected, x.currency)} (${f.money(x.expected_value.low, x.currency)}–${f.money(x.expected_value.high, x.currency)})`
                  : NONE}
              </dd>
              <dt>{t('forecast.ltv')}</dt>
              <dd>
                {x.ltv ? f.money(x.ltv.minor, x.ltv.currency) : NONE}{' '}
                <span className="dim small">
                  {t('forecast.realised', { value: f.money(x.realised.minor, x.realised.currency) })}
                </span>
              </dd>
              {x.r !== null && (
                <>
                  <dt>RFM</dt>
                  <dd>
                    {x.r}-{x.f}-{x.m}
                  </dd>
                </>
              )}
            </dl>
          </div>
        )}
      </Loaded>
    </Card>
  );
}
