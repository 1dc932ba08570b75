import type { Versus, WaveVariants } from '~/api/types';
import type { Formats } from '~/design/format';

/** Points of per cent with their sign. */
export const points = (f: Formats, v: number) => `${v > 0 ? '+' : v < 0 ? '−' : ''}${f.n(Math.abs(v) * 100, 1)}`;

/** The difference that the verdict was passed on. */
export const judged = (wave: WaveVariants, versus: Versus) =>
  (wave.comparison.measure === 'positive' ? versus.positive : versus.bought) ?? undefined;

/** The interval to be believed now: at every look while the window is open, the narrower one once it is over. */
export function believed(wave: WaveVariants, versus: Versus) {
  const d = judged(wave, versus);
  if (!d) return undefined;
  const { low, high } = wave.open ? d.any_time : d;
  return { difference: d.difference, low, high };
}

export interface Said {
  key:
    | 'variant.say.broken'
    | 'variant.say.waiting'
    | 'variant.say.better'
    | 'variant.say.worse'
    | 'variant.say.more'
    | 'variant.say.patience'
    | 'variant.say.none';
  tone: 'good' | 'bad' | 'warn' | 'info';
  values: Record<string, string | number>;
}

/** The verdict in plain words. */
export function verdict(wave: WaveVariants, versus: Versus, f: Formats): Said {
  const name = wave.variants[versus.number - 1]?.name ?? '';
  const control = wave.variants[0]?.name ?? '';
  const d = believed(wave, versus);
  const more = versus.more_people ?? undefined;
  const values = {
    name,
    control,
    d: d ? f.n(Math.abs(d.difference) * 100, 1) : '',
    // Of what is worse the loss is told, so its interval is turned round.
    low: d ? points(f, versus.verdict === 'worse' ? -d.high : d.low) : '',
    high: d ? points(f, versus.verdict === 'worse' ? -d.low : d.high) : '',
    n: f.n(more),
    count: more ?? 0,
    least: typeof versus.detectable === 'number' ? f.n(versus.detectable * 100, 1) : '',
  };
  switch (versus.verdict) {
    case 'broken':
      return { key: 'variant.say.broken', tone: 'bad', values };
    case 'waiting':
      return { key: 'variant.say.waiting', tone: 'info', values };
    case 'better':
      return { key: 'variant.say.better', tone: 'good', values };
    case 'worse':
      return { key: 'variant.say.worse', tone: 'bad', values };
    case 'undecided':
      if (more !== undefined) return { key: 'variant.say.more', tone: 'info', values };
      return { key: wave.open ? 'variant.say.patience' : 'variant.say.none', tone: 'info', values };
  }
}
