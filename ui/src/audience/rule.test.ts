import { describe, expect, it } from 'vitest';
import { change, type FieldInfo, group, line, type Rule, rootOf, toRule } from './rule';

const orders: FieldInfo = { key: 'orders', group: 'orders', type: 'number', ops: ['gte', 'between'] };

describe('segment rule', () => {
  it('comes back from the builder as it went in', () => {
    const rule: Rule = {
      all: [
        { field: 'last_order', op: 'older_days', value: 180 },
        {
          any: [
            { field: 'city', op: 'eq', value: 'Київ' },
            { not: { field: 'orders', op: 'gte', value: 3, days: 365 } },
          ],
        },
      ],
    };
    expect(toRule(rootOf(rule))).toEqual(rule);
  });

  it('wraps a bare comparison into a group and keeps a negated group', () => {
    expect(toRule(rootOf({ field: 'dead', op: 'eq', value: true }))).toEqual({
      all: [{ field: 'dead', op: 'eq', value: true }],
    });
    const no: Rule = { not: { any: [{ field: 'phone', op: 'set' }] } };
    expect(toRule(rootOf(no))).toEqual(no);
  });

  it('leaves out what is not filled in yet', () => {
    const root = group('all', [
      { ...line(orders), value: '' },
      { ...line(orders), op: 'between', value: [1, null] },
    ]);
    expect(toRule(root)).toBeUndefined();
  });

  it('changes and removes one node by its key', () => {
    const a = line(orders);
    const root = group('all', [a, line(orders)]);
    const changed = change(root, a.key, (n) => (n.kind === 'line' ? { ...n, value: 5 } : n));
    expect(toRule(changed)).toEqual({
      all: [
        { field: 'orders', op: 'gte', value: 5 },
        { field: 'orders', op: 'gte', value: 1 },
      ],
    });
    expect(change(root, a.key, () => undefined).items).toHaveLength(1);
  });
});
