import { describe, expect, it } from 'vitest';
import type { Versus, WaveVariants } from '~/api/types';
import { formats } from '~/design/format';
import { believed, verdict } from './verdict';

const f = formats('en');
const versus = (change: Partial<Versus>): Versus => ({
  number: 2,
  bought: {
    difference: 0.021,
    low: 0.004,
    high: 0.039,
    any_time: { difference: 0.021, low: -0.01, high: 0.052 },
    probability_better: 0.99,
  },
  verdict: 'better',
  ...change,
});
const wave = (open: boolean): WaveVariants =>
  ({ open, comparison: { measure: 'bought' }, variants: [{ name: 'A' }, { name: 'B' }] }) as unknown as WaveVariants;

describe('verdict', () => {
  it('tells how much better, with its interval', () => {
    const said = verdict(wave(false), versus({}), f);
    expect(said.key).toBe('variant.say.better');
    expect(said.values).toMatchObject({ name: 'B', control: 'A', d: '2.1', low: '+0.4', high: '+3.9' });
  });
  it('believes the interval that holds at any look while the window is open', () => {
    expect(believed(wave(true), versus({}))?.low).toBe(-0.01);
    expect(believed(wave(false), versus({}))?.low).toBe(0.004);
  });
  it('turns the interval of a loss round', () => {
    const d = { difference: -0.021, low: -0.039, high: -0.004 };
    const said = verdict(
      wave(false),
      versus({ verdict: 'worse', bought: { ...d, any_time: d, probability_better: 0.01 } }),
      f,
    );
    expect(said.values).toMatchObject({ d: '2.1', low: '+0.4', high: '+3.9' });
  });
  it('names nobody when the split is broken', () => {
    expect(verdict(wave(false), versus({ verdict: 'broken' }), f).key).toBe('variant.say.broken');
  });
  it('says how many people are missing, or that there is nothing to see', () => {
    const more = verdict(wave(true), versus({ verdict: 'undecided', more_people: 1200 }), f);
    expect([more.key, more.values.n]).toEqual(['variant.say.more', '1,200']);
    expect(verdict(wave(true), versus({ verdict: 'undecided' }), f).key).toBe('variant.say.patience');
    expect(verdict(wave(false), versus({ verdict: 'undecided' }), f).key).toBe('variant.say.none');
  });
});
