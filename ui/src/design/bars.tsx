import { useTranslation } from 'react-i18next';
import { useFormat } from './format';
import './bars.css';

export type Tone = 'accent' | 'good' | 'bad' | 'warn' | 'info' | 'dim' | 'wrap';

export interface Bar {
  key: string;
  label: string;
  value: number;
  tone?: Tone;
  /** What the share is taken of, when it is not the widest bar. */
  of?: number;
  hint?: string;
  onOpen?: () => void;
}

/** Overlapping counts, one line each; a bar opens its people. */
export function Bars({ bars, max, unit = 'share' }: { bars: Bar[]; max?: number; unit?: 'share' | 'none' }) {
  const { t } = useTranslation();
  const f = useFormat();
  const top = max ?? Math.max(1, ...bars.map((b) => b.value));
  return (
    <ul className="bars">
      {bars.map((bar) => {
        const share = top > 0 ? bar.value / top : 0;
        const of = bar.of ?? top;
        const inside = (
          <>
            <span className="bars-label" title={bar.hint}>
              {bar.label}
            </span>
            <span className="bars-track">
              <span
                className="bars-fill"
                data-tone={bar.tone ?? 'accent'}
                style={{ width: `${share * 100}%`, minWidth: bar.value > 0 ? 2 : 0 }}
              />
            </span>
            <span className="bars-value">{f.n(bar.value)}</span>
            <span className="bars-share">{unit === 'share' && of > 0 ? f.pct(bar.value / of) : ''}</span>
          </>
        );
        return (
          <li key={bar.key}>
            {bar.onOpen && bar.value > 0 ? (
              <button type="button" className="bars-row" onClick={bar.onOpen} title={t('chart.who')}>
                {inside}
              </button>
            ) : (
              <div className="bars-row">{inside}</div>
            )}
          </li>
        );
      })}
    </ul>
  );
}

export interface Step {
  key: string;
  label: string;
  /** Negative takes away; `total` stands on the floor. */
  value: number;
  kind: 'total' | 'minus';
  onOpen?: () => void;
}

/** From the whole to what is left, each loss hanging where the last one ended. */
export function Waterfall({ steps }: { steps: Step[] }) {
  const { t } = useTranslation();
  const f = useFormat();
  const top = Math.max(1, ...steps.filter((s) => s.kind === 'total').map((s) => s.value));
  let left = top;
  return (
    <ul className="bars">
      {steps.map((step) => {
        let from = 0;
        let width = step.value / top;
        if (step.kind === 'total') left = step.value;
        else {
          left -= step.value;
          from = Math.max(0, left / top);
          width = step.value / top;
        }
        const inside = (
          <>
            <span className="bars-label">{step.label}</span>
            <span className="bars-track">
              <span
                className="bars-fill"
                data-tone={step.kind === 'total' ? 'accent' : 'loss'}
                style={{ marginLeft: `${from * 100}%`, width: `${width * 100}%` }}
              />
            </span>
            <span className="bars-value">
              {step.kind === 'minus' && step.value > 0 ? '−' : ''}
              {f.n(step.value)}
            </span>
            <span className="bars-share">{f.pct(step.value / top)}</span>
          </>
        );
        return (
          <li key={step.key}>
            {step.onOpen && step.value > 0 ? (
              <button
                type="button"
                className="bars-row"
                data-total={step.kind === 'total' || undefined}
                onClick={step.onOpen}
                title={t('chart.who')}
              >
                {inside}
              </button>
            ) : (
              <div className="bars-row" data-total={step.kind === 'total' || undefined}>
                {inside}
              </div>
            )}
          </li>
        );
      })}
    </ul>
  );
}

export interface Part {
  key: string;
  label: string;
  value: number;
  tone: Tone;
  onOpen?: () => void;
}

/** A whole cut into parts: each person stands in one of them, and the parts sum to the whole. */
export function Partition({ parts, total, totalLabel }: { parts: Part[]; total: number; totalLabel: string }) {
  const { t } = useTranslation();
  const f = useFormat();
  const base = Math.max(1, total);
  return (
    <div className="partition">
      <div className="partition-bar" aria-hidden="true">
        {parts.map((p) => (
          <span key={p.key} data-tone={p.tone} style={{ width: `${(p.value / base) * 100}%` }} />
        ))}
      </div>
      <ul className="partition-list">
        {parts.map((p) => {
          const inside = (
            <>
              <i data-tone={p.tone} />
              <span className="grow cut">{p.label}</span>
              <b>{f.n(p.value)}</b>
              <span className="dim bars-share">{f.pct(p.value / base)}</span>
            </>
          );
          return (
            <li key={p.key}>
              {p.onOpen && p.value > 0 ? (
                <button type="button" onClick={p.onOpen} title={t('chart.who')}>
                  {inside}
                </button>
              ) : (
                <div>{inside}</div>
              )}
            </li>
          );
        })}
        <li className="partition-total">
          <div>
            <i />
            <span className="grow">{totalLabel}</span>
            <b>{f.n(total)}</b>
            <span className="bars-share">{f.pct(1)}</span>
          </div>
        </li>
      </ul>
    </div>
  );
}
