import { useTranslation } from 'react-i18next';
import type { Effect } from '~/api/types';
import { useFormat } from '~/design/format';

type Arm = Effect['treated'];

function arm(side: Arm): { n?: number; x?: number } {
  if (typeof side !== 'object' || side === null) return {};
  return { n: side.n ?? side.people, x: side.x ?? side.bought };
}

/** The difference with its interval, drawn against zero: an effect is proven when zero lies outside. */
export function EffectBar({ effect }: { effect: Effect }) {
  const { t } = useTranslation();
  const f = useFormat();
  const { difference, low, high } = effect;
  if (difference === null || low === null || high === null) return <p className="dim">{t('campaign.noEffectYet')}</p>;
  const edge = Math.max(Math.abs(low), Math.abs(high), 0.005) * 1.15;
  const at = (v: number) => `${((v + edge) / (2 * edge)) * 100}%`;
  const points = (v: number) => `${v > 0 ? '+' : v < 0 ? '−' : ''}${f.n(Math.abs(v) * 100, 1)}`;
  const treated = arm(effect.treated);
  const holdout = arm(effect.holdout);
  const proven = low > 0 || high < 0;
  return (
    <div className="col tight">
      <div className="row tight">
        <span className="big-n">{points(difference)}</span>
        <span className="dim">{t('effect.points')}</span>
      </div>
      <div className="effect" role="img" aria-label={t('effect.aria', { d: points(difference), low: points(low), high: points(high) })}>
        <span className="effect-axis" />
        <span className="effect-range" style={{ left: at(low), width: `${((high - low) / (2 * edge)) * 100}%` }} />
        <span className="effect-zero" style={{ left: '50%' }} />
        <span className="effect-point" style={{ left: at(difference) }} />
        <span className="effect-mark" style={{ left: at(low) }}>
          {points(low)}
        </span>
        <span className="effect-mark" style={{ left: at(high) }}>
          {points(high)}
        </span>
      </div>
      <p className={proven ? (low > 0 ? 'good' : 'bad') : 'dim'}>
        {proven ? (low > 0 ? t('effect.proven') : t('effect.harm')) : t('effect.unclear')}
      </p>
      {treated.n !== undefined && holdout.n !== undefined && (
        <p className="dim small">
          {t('effect.arms', {
            tx: f.n(treated.x),
            tn: f.n(treated.n),
            tp: f.pct(treated.n > 0 ? (treated.x ?? 0) / treated.n : null),
            hx: f.n(holdout.x),
            hn: f.n(holdout.n),
            hp: f.pct(holdout.n > 0 ? (holdout.x ?? 0) / holdout.n : null),
          })}
        </p>
      )}
    </div>
  );
}
