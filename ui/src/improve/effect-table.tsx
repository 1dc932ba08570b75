import { useTranslation } from 'react-i18next';
import { useSession } from '~/app/router';
import { type Formats, NONE, useFormat } from '~/design/format';
import { useWord } from '~/i18n/word';
import type { Effect } from './types';

export function effectValue(f: Formats, effect: Effect, value: number | null, currency: string): string {
  if (value === null) return NONE;
  return effect.unit === 'money' ? f.money(value, currency) : f.pct(value);
}

const points = (f: Formats, v: number) => `${v > 0 ? '+' : v < 0 ? '−' : ''}${f.pct(Math.abs(v))}`;

/** Before and after the day, with what the difference says. */
export function EffectTable({ effect: e }: { effect: Effect }) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const { currency } = useSession().workspace;
  const part = (n: number) => f.n(n, 0);
  const row = (name: string, from: string, to: string, side: Effect['before']) => (
    <tr>
      <td>{name}</td>
      <td>
        {f.date(from)} – {f.date(to)}
      </td>
      <td className="n dim">
        {e.unit === 'money' ? f.money(side.numerator, currency) : part(side.numerator)} ÷ {part(side.denominator)}
      </td>
      <td className="n strong">{effectValue(f, e, side.value, currency)}</td>
    </tr>
  );
  return (
    <section className="col tight">
      <h3>
        {t('improve.effect.title')}: {word(`improve.metric.${e.metric}`)}
      </h3>
      <table className="plain-table">
        <tbody>
          {row(t('improve.effect.before'), e.before_from, e.before_to, e.before)}
          {row(t('improve.effect.after'), e.after_from, e.after_to, e.after)}
        </tbody>
      </table>
      <p>
        <span
          className="pill"
          data-tone={e.change.verdict === 'better' ? 'good' : e.change.verdict === 'worse' ? 'bad' : undefined}
        >
          {word(`improve.verdict.${e.change.verdict}`)}
        </span>{' '}
        {e.change.low !== null && e.change.high !== null && (
          <span className="num">
            {t('figure.between', { low: points(f, e.change.low), high: points(f, e.change.high) })}
          </span>
        )}
      </p>
      <p className="dim small">{t('improve.effect.note')}</p>
    </section>
  );
}
