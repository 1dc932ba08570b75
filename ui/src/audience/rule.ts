/** The segment language as it travels: and, or, not, and a comparison of one field. */
export type Rule = { all: Rule[] } | { any: Rule[] } | { not: Rule } | Comparison;

export interface Comparison {
  field: string;
  op: string;
  value?: unknown;
  /** Counts and sums may look at the last N days only. */
  days?: number;
  /** Reactions may be those to one campaign only. */
  campaign?: string;
}

export interface FieldInfo {
  key: string;
  group: string;
  type: 'number' | 'money' | 'text' | 'date' | 'days' | 'enum' | 'bool' | 'category' | string;
  ops: string[];
  options?: ({ value: string; label?: string | null } | string)[] | null;
  windowed?: boolean;
  of_campaign?: boolean;
}

/** The builder's tree: every node has a key for React and a switch for "not". */
export type Node = Group | Line;

export interface Group {
  key: string;
  kind: 'group';
  join: 'all' | 'any';
  not: boolean;
  items: Node[];
}

export interface Line {
  key: string;
  kind: 'line';
  not: boolean;
  field: string;
  op: string;
  value?: unknown;
  days?: number;
  campaign?: string;
}

let next = 1;
export function key(): string {
  return `n${next++}`;
}

export function group(join: 'all' | 'any' = 'all', items: Node[] = []): Group {
  return { key: key(), kind: 'group', join, not: false, items };
}

export function line(field: FieldInfo): Line {
  const op = field.ops[0] ?? 'eq';
  return { key: key(), kind: 'line', not: false, field: field.key, op, value: startValue(field, op) };
}

const BARE = new Set(['set', 'not_set']);

export function needsValue(op: string): boolean {
  return !BARE.has(op);
}

export function optionsOf(field: FieldInfo): { value: string; label?: string | null }[] {
  return (field.options ?? []).map((o) => (typeof o === 'string' ? { value: o } : o));
}

export function startValue(field: FieldInfo, op: string): unknown {
  if (!needsValue(op)) return undefined;
  if (op === 'between') return field.type === 'date' ? ['', ''] : [0, 0];
  if (op === 'in' || op === 'not_in') return [];
  if (field.type === 'bool') return true;
  if (field.type === 'number' || field.type === 'money') return 1;
  if (field.type === 'days' || op === 'within_days' || op === 'older_days') return 90;
  return optionsOf(field)[0]?.value ?? '';
}

export function toTree(rule: Rule, not = false): Node {
  if ('not' in rule) return toTree(rule.not, !not);
  if ('all' in rule)
    return {
      ...group(
        'all',
        rule.all.map((r) => toTree(r)),
      ),
      not,
    };
  if ('any' in rule)
    return {
      ...group(
        'any',
        rule.any.map((r) => toTree(r)),
      ),
      not,
    };
  return { key: key(), kind: 'line', not, ...rule };
}

/** The root of the builder is always a group. */
export function rootOf(rule: Rule | undefined): Group {
  if (!rule) return group();
  const tree = toTree(rule);
  return tree.kind === 'group' ? tree : group('all', [tree]);
}

function filledIn(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0 && value.every((v) => v !== '' && v !== null);
  return value !== undefined && value !== null && value !== '';
}

/** Lines that are still being filled in and empty groups say nothing yet and are left out. */
export function toRule(node: Node): Rule | undefined {
  if (node.kind === 'line') {
    if (needsValue(node.op) && !filledIn(node.value)) return undefined;
    const rule: Comparison = { field: node.field, op: node.op };
    if (needsValue(node.op)) rule.value = node.value;
    if (node.days) rule.days = node.days;
    if (node.campaign) rule.campaign = node.campaign;
    return node.not ? { not: rule } : rule;
  }
  const items = node.items.map(toRule).filter((r) => r !== undefined);
  if (items.length === 0) return undefined;
  const rule: Rule = node.join === 'all' ? { all: items } : { any: items };
  return node.not ? { not: rule } : rule;
}

export function change(root: Group, wanted: string, edit: (node: Node) => Node | undefined): Group {
  const walk = (node: Node): Node | undefined => {
    if (node.key === wanted) return edit(node);
    if (node.kind === 'line') return node;
    return { ...node, items: node.items.map(walk).filter((n) => n !== undefined) };
  };
  const out = walk(root);
  return out?.kind === 'group' ? out : root;
}
