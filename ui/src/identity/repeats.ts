/** Where a repeat comes from, by the most telling difference between two spellings of one person. */
const GROUP: Record<string, string> = {
  language_or_short_form: 'language',
  initials: 'language',
  name_slip: 'slip',
  phone_slip: 'slip',
  email_slip: 'slip',
  new_phone: 'contact',
  new_email: 'contact',
  surname_changed: 'surname',
  same_phone: 'same',
  same_email: 'same',
  same_address: 'same',
  by_hand: 'by_hand',
};

export interface Repeats {
  group: string;
  kinds: string[];
  count: number;
  /** Of all repeats. */
  share: number;
}

/** Merged pairs by kind of difference; an address row of an order repeats nobody. */
export function repeatsOf(kinds: { kind: string; count: number }[]): Repeats[] {
  const found = kinds.filter((k) => k.kind !== 'same_order' && k.count > 0);
  const all = found.reduce((sum, k) => sum + k.count, 0);
  const groups = new Map<string, Repeats>();
  for (const { kind, count } of found) {
    const group = GROUP[kind] ?? 'other';
    const sum = groups.get(group) ?? { group, kinds: [], count: 0, share: 0 };
    sum.kinds.push(kind);
    sum.count += count;
    sum.share = sum.count / all;
    groups.set(group, sum);
  }
  return [...groups.values()].sort((a, b) => b.count - a.count);
}
