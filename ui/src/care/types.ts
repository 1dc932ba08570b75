import type { CustomerRow, Interaction, Money } from '~/api/types';

export const TOPICS = ['delivery', 'product', 'service', 'price', 'payment', 'return', 'site', 'other'] as const;
export const CHANNELS = ['social', 'review', 'email', 'sms', 'call', 'letter', 'other'] as const;
export const SEVERITIES = ['low', 'normal', 'high'] as const;
export const OUTCOMES = ['solved', 'not_solved', 'needless', 'mistake'] as const;

export interface CareItem {
  id: string;
  kind: 'mention' | 'review' | 'reply' | 'callback' | 'case';
  channel: (typeof CHANNELS)[number];
  customer_id: string | null;
  name: string;
  text: string;
  topic: string;
  came_at: string;
  due_at: string;
  overdue: boolean;
  status: 'new' | 'in_work' | 'answered' | 'closed';
  owner_id: string | null;
  owner: string | null;
  answered_at: string | null;
  answer: string;
  closed_at: string | null;
  outcome: string;
  resolution: string;
  severity: (typeof SEVERITIES)[number];
  compensation: string;
  employee: string;
  case_id: string | null;
  parent_id: string | null;
  mention: {
    platform: string;
    profile: string;
    contact: string;
    url: string;
    rating: number | null;
    product: string;
    order_number: string;
    negative: string;
    linked_by: string;
    source: string;
    hint: { topic: string; word: string } | null;
  } | null;
  updated_at: string;
}

export interface CareCard {
  item: CareItem;
  order_number: string | null;
  history: { id: string; at: string; actor: string | null; field: string; before: string; after: string }[];
  others: CareItem[];
  thread: Interaction[];
  members: { id: string; name: string }[];
}

export interface InboxCounts {
  waiting: number;
  overdue: number;
  mine: number;
  mentions: number;
  mentions_overdue: number;
}

export interface Rate {
  x: number;
  n: number;
  rate: number | null;
  low: number | null;
  high: number | null;
}

export interface GroupChurn {
  group: string;
  customers: number;
  churn: Rate;
  difference: { difference: number; low: number; high: number } | null;
  watched_days: number | null;
}

export interface CarePerson {
  customer_id: string;
  name: string;
  item_id: string;
  at: string;
  group: string;
  active_then: boolean;
  left_since: boolean;
  last_order_day: string | null;
}

export interface ReviewLine {
  item: CareItem;
  reply: 'in_time' | 'late' | 'waiting' | 'breached';
  negative: boolean;
  money: {
    before: Money;
    expected: Money | null;
    came: Money;
    at_risk: Money;
    left_since: boolean;
    counts: boolean;
  } | null;
}

export interface ReviewSummary {
  total: number;
  negative: number;
  negative_known: number;
  unanswered: number;
  customers_at_risk: number;
  at_risk: Money;
  has_forecast: boolean;
  mean_rating: number | null;
  platforms: string[];
}

export interface ReplyReport {
  reply_hours: number;
  mentions: number;
  answered: number;
  unanswered: number;
  breached: number;
  oldest_hours: number | null;
  median_minutes: number | null;
  in_sla: Rate;
  by_platform: {
    platform: string;
    mentions: number;
    unanswered: number;
    breached: number;
    median_minutes: number | null;
    in_sla: Rate;
  }[];
  groups: GroupChurn[];
}

export interface FirstContact {
  key: string;
  name: string;
  solved: Rate;
  repeated: number;
  unhandled: number;
  said: Rate;
}

export interface FirstContactReport {
  repeat_days: number;
  contacts: number;
  again: number;
  pending: number;
  unknown: number;
  total: FirstContact;
  by_channel: FirstContact[];
  by_owner: FirstContact[];
  groups: GroupChurn[];
}

export interface CareSettings {
  negative_rating: number;
  reply_hours: number;
  low_hours: number;
  normal_hours: number;
  high_hours: number;
  repeat_days: number;
}

export interface MentionFile {
  rows: number;
  added: number;
  known: number;
  joined: number;
  cases: number;
  refused_count: number;
  refused: { line: number; column: string; what: string }[];
}

export type Found = CustomerRow;
