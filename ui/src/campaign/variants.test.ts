import { describe, expect, it } from 'vitest';
import type { Body, VariantDraft, WaveDraft } from '~/api/types';
import { changesOf, sharesOf, textsOf, withoutVariant, withShare, withTexts, withVariant } from './variants';

const body = (subject: string, mjml = '<own/>', text = 'own'): Body => ({ subject, mjml, text });
const own = { ru: body('Письмо'), uk: body('Лист') };
const variant = (name: string, share: number | null = null): VariantDraft => ({ name, share, changes: {} });
const wave = (variants: VariantDraft[]): WaveDraft => ({
  channel: 'email',
  after_days: 0,
  target: 'all',
  bodies: own,
  from_name: '',
  from_address: '',
  variants,
});

describe('texts of a variant', () => {
  it('are the wave’s own but for what it changes', () => {
    const b = { ...variant('B'), changes: { ru: { subject: 'Другое' } } };
    expect(textsOf(own, b)).toEqual({ ru: body('Другое'), uk: own.uk });
    expect(textsOf(own, undefined)).toEqual(own);
  });
  it('come back as the changes that they are', () => {
    const changes = { ru: { subject: 'Другое' }, uk: { mjml: '<new/>' } };
    expect(changesOf(own, textsOf(own, { ...variant('B'), changes }))).toEqual(changes);
    expect(changesOf(own, own)).toEqual({});
  });
  it('leave the plain part of another body behind', () => {
    const two = wave([variant('A'), variant('B')]);
    const typed = withTexts(two, 1, { ...own, ru: { ...own.ru, mjml: '<new/>' } });
    expect(typed.variants?.[1]?.changes).toEqual({ ru: { mjml: '<new/>' } });
    expect(textsOf(own, typed.variants?.[1]).ru?.text).toBe('');
  });
  it('of the control are the wave’s', () => {
    const two = wave([variant('A'), variant('B')]);
    const typed = { ...own, ru: body('Новое') };
    expect(withTexts(two, 0, typed)).toEqual({ bodies: typed });
  });
});

describe('shares', () => {
  it('left out are equal', () => {
    expect(sharesOf([variant('A'), variant('B', 0.5), variant('C')])).toEqual([0.25, 0.5, 0.25]);
  });
  it('always make a whole when one is changed', () => {
    for (const count of [2, 3, 4, 5, 6])
      for (const share of [0, 0.01, 0.17, 0.5, 0.99, 1]) {
        const set = withShare(
          Array.from({ length: count }, (_, i) => variant(String(i))),
          count - 1,
          share,
        );
        const hundredths = set.map((v) => Math.round((v.share ?? 0) * 100));
        expect(hundredths.reduce((a, b) => a + b)).toBe(100);
        expect(Math.min(...hundredths)).toBeGreaterThan(0);
      }
  });
  it('keep the proportions of the others', () => {
    const set = withShare([variant('A', 0.2), variant('B', 0.4), variant('C', 0.4)], 0, 0.5);
    expect(set.map((v) => v.share)).toEqual([0.5, 0.25, 0.25]);
  });
});

describe('variants', () => {
  it('begin with the wave as it is and another', () => {
    expect(withVariant([]).map((v) => v.name)).toEqual(['A', 'B']);
    expect(withVariant([variant('A', 0.9), variant('C', 0.1)]).map((v) => [v.name, v.share])).toEqual([
      ['A', null],
      ['C', null],
      ['B', null],
    ]);
  });
  it('end when one is left, which is the wave then', () => {
    const b = { ...variant('B'), changes: { ru: { subject: 'Другое' } } };
    const left = withoutVariant(wave([variant('A'), b]), 0);
    expect(left).toEqual({ bodies: { ru: body('Другое'), uk: own.uk }, variants: [] });
    expect(withoutVariant(wave([variant('A'), b, variant('C')]), 2).variants).toHaveLength(2);
  });
});
