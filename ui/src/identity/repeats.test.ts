import { expect, it } from 'vitest';
import { repeatsOf } from './repeats';

it('shares of repeats sum to the whole, and rows of one order are none', () => {
  const found = repeatsOf([
    { kind: 'same_order', count: 1000 },
    { kind: 'language_or_short_form', count: 30 },
    { kind: 'initials', count: 10 },
    { kind: 'email_slip', count: 20 },
    { kind: 'new_phone', count: 38 },
    { kind: 'a_kind_of_tomorrow', count: 2 },
    { kind: 'by_hand', count: 0 },
  ]);
  expect(found.map((r) => [r.group, r.count])).toEqual([
    ['language', 40],
    ['contact', 38],
    ['slip', 20],
    ['other', 2],
  ]);
  expect(found.reduce((sum, r) => sum + r.share, 0)).toBeCloseTo(1);
  expect(found[0]?.kinds).toEqual(['language_or_short_form', 'initials']);
});

it('a base without repeats has no shares', () => {
  expect(repeatsOf([{ kind: 'same_order', count: 5 }])).toEqual([]);
});
