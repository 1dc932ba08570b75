import { useTranslation } from 'react-i18next';
import type { Effect } from '~/api/types';
import { useFormat } from '~/design/format';
import './campaign.css';

interface Drawn {
  difference: number;
  low: number;
  high: number;
  show: (value: number) => string;
  unit: string;
  /** The least half-width of the axis, so that a tiny interval does not look large. */
  floor: number;
}

/** An interval drawn against zero. */
export function IntervalBar({ difference, low, high, show, unit, floor }: Drawn) {
  const { t } = useTranslation();
  const edge = Math.max(Math.abs(low), Math.abs(high), floor) * 1.15;
  const at = (v: number) => `${((v + edge) / (2 * edge)) * 100}%`;
  return (
    <div
      className="effect"
      role="img"
      aria-label={t('effect.aria', { d: show(difference), low: show(low), high: show(high), unit })}
    >
      <span className="effect-axis" />
      <span className="effect-range" style={{ left: at(low), width: `${((high - low) / (2 * edge)) * 100}%` }} />
      <span className="effect-zero" style={{ left: '50%' }} />
      <span className="effect-point" style={{ left: at(difference) }} />
      <span className="effect-mark" style={{ left: at(low) }}>
        {show(low)}
      </span>
      <span className="effect-mark" style={{ left: at(high) }}>
        {show(high)}
      </span>
    </div>
  );
}

/** A difference with its interval: an effect is proven when zero lies outside. */
export function Interval(drawn: Drawn) {
  const { t } = useTranslation();
  const { difference, low, high, show, unit } = drawn;
  const proven = low > 0 || high < 0;
  return (
    <div className="col tight">
      <div className="row tight">
        <span className="big-n">{show(difference)}</span>
        <span className="dim">{unit}</span>
      </div>
      <IntervalBar {...drawn} />
      <p className={proven ? (low > 0 ? 'good' : 'bad') : 'dim'}>
        {proven ? (low > 0 ? t('effect.proven') : t('effect.harm')) : t('effect.unclear')}
      </p>
    </div>
  );
}

export function EffectBar({ effect }: { effect: Effect }) {
  const { t } = useTranslation();
  const f = useFormat();
  const { difference, low, high, treated, holdout } = effect;
  if (typeof difference !== 'number' || typeof low !== 'number' || typeof high !== 'number')
    return <p className="dim">{t('campaign.noEffectYet')}</p>;
  const points = (v: number) => `${v > 0 ? '+' : v < 0 ? '−' : ''}${f.n(Math.abs(v) * 100, 1)}`;
  return (
    <div className="col tight">
      <Interval difference={difference} low={low} high={high} show={points} unit={t('effect.points')} floor={0.005} />
      {holdout.people > 0 && (
        <p className="dim small">
          {t('effect.arms', {
            tx: f.n(treated.bought),
            tn: f.n(treated.people),
            tp: f.pct(treated.share),
            hx: f.n(holdout.bought),
            hn: f.n(holdout.people),
            hp: f.pct(holdout.share),
          })}
        </p>
      )}
    </div>
  );
}
