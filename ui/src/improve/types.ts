import type { LangCode, Money } from '~/api/types';
import type { Rule } from '~/audience/rule';
import type { Figure } from '~/design/figure';

export type Driver = 'service' | 'marketing' | 'product' | 'natural' | 'other';
export const DRIVERS: readonly Driver[] = ['service', 'marketing', 'product', 'natural', 'other'];
export type Asks = 'nothing' | 'competitor' | 'order' | 'employee';

export interface LeavingReason {
  code: string;
  driver: Driver;
  /** The workspace's words; empty where the catalogue's are used. */
  name: string;
  asks: Asks;
  retired: boolean;
  shipped: boolean;
}

export interface Drivers {
  as_of: string;
  told: number;
  drivers: {
    driver: Driver;
    kind: string;
    customers: number;
    share: number | null;
    low: number | null;
    high: number | null;
    revenue: Money;
    list: string;
    reasons: {
      code: string;
      name: string;
      customers: number;
      share: number;
      revenue: Money;
      with_order: number;
      list: string;
    }[];
  }[];
  competitors: Named[];
  employees: Named[];
  silent: {
    complained: number;
    per_complaint: number;
    source: string;
    estimate: number;
    capped: boolean;
    list: string;
  };
  figures: Figure[];
}

export interface Named {
  name: string;
  customers: number;
  list: string;
}

export interface Talk {
  id: string;
  customer_id: string;
  name: string;
  reason: string;
  reason_name: string;
  driver: Driver;
  at: string;
  competitor: string | null;
  employee: string | null;
  order_number: string | null;
  order_day: string | null;
  operator: string | null;
  campaign: string | null;
  note: string | null;
}

export interface PlanKpi {
  code: string;
  of_campaign: boolean;
  unit: 'share' | 'times';
  more_is_better: boolean;
  value: number | null;
  numerator: number | null;
  denominator: number | null;
  parts_are_money: boolean;
  low: number | null;
  high: number | null;
  target: number | null;
  target_is_default: boolean;
  status: 'on_track' | 'behind' | 'no_data' | 'no_target';
  calls: [string, string] | null;
  list: string | null;
}

export interface Plan {
  campaign: { id: string; name: string } | null;
  campaigns: { id: string; name: string }[];
  window_days: number;
  kpis: PlanKpi[];
  funnel: { cell: string; people: number }[];
  payback: { day: string | null; until: string | null; open: boolean; cost_is_entered: boolean } | null;
}

export interface PlanCall {
  customer_id: string;
  name: string;
  at: string;
  outcome: string;
  operator: string | null;
  attempts: number;
  order_number: string | null;
  ordered_at: string | null;
  amount: Money | null;
}

export interface Effect {
  metric: string;
  unit: 'share' | 'money';
  days: number;
  before_from: string;
  before_to: string;
  after_from: string;
  after_to: string;
  before: { numerator: number; denominator: number; value: number | null };
  after: { numerator: number; denominator: number; value: number | null };
  change: { difference: number | null; low: number | null; high: number | null; verdict: string };
}

export type Lane = 'product' | 'service' | 'novelties';
export const LANES: readonly Lane[] = ['product', 'service', 'novelties'];
export const STATUSES = ['idea', 'planned', 'doing', 'done', 'dropped'] as const;
export const METRICS = ['reason_share', 'churn', 'cancelled_share', 'consent', 'aov'] as const;

export interface Improvement {
  id: string;
  title: string;
  lane: Lane;
  reason: string;
  touchpoint: string;
  owner_id: string | null;
  owner: string | null;
  status: (typeof STATUSES)[number];
  due_day: string | null;
  overdue: boolean;
  in_place_day: string | null;
  metric: string;
  note: string;
  created_at: string;
  updated_at: string;
  effect: Effect | null;
}

export interface Board {
  items: Improvement[];
  owners: { id: string; name: string }[];
}

export interface ImprovementCard {
  improvement: Improvement;
  history: { id: string; at: string; actor: string | null; field: string; before: string; after: string }[];
}

export interface Recommendation {
  gap: string;
  name: string;
  tool: string;
  touchpoint: string;
  lane: Lane;
  metric: string;
  evidence: {
    customers: number;
    of_whom: string;
    of: number;
    share: number | null;
    low: number | null;
    high: number | null;
    list: string | null;
    rule: Rule | null;
  };
  segment: { rule: Rule; customers: number } | null;
  improvement_id: string | null;
}

export interface Benchmark {
  code: string;
  value: number | null;
  unit: 'share' | 'times';
  source: string;
  own: boolean;
}

export interface Loyal {
  as_of: string;
  groups: { group: string; customers: number; list: string; figures: Figure[] }[];
}

export interface Brief {
  goal: string;
  base: string;
  starts: string | null;
  ends: string | null;
  contacts: string;
  approver: string;
  knowledge_url: string;
  complex_categories: string[];
}

export interface Words {
  name: string;
  answer: string;
}
export type Texts = Partial<Record<LangCode, Words>>;

export interface Objection {
  code: string;
  reason: string;
  retired: boolean;
  version: number;
  shipped: boolean;
  texts: Texts;
}

export interface ObjectionVersion {
  version: number;
  texts: Texts;
  at: string | null;
  actor: string | null;
}

export interface Rate {
  numerator: number;
  denominator: number;
  value: number | null;
  low: number | null;
  high: number | null;
}

export interface TalkRates {
  consent: Rate;
  sale: Rate;
}

type Change = Effect['change'];

export interface ObjectionFigures {
  code: string;
  raised: number;
  rates: TalkRates;
  without: TalkRates;
  difference: Change;
  scripts: {
    wave_id: string;
    variant: number | null;
    name: string | null;
    campaign: string | null;
    rates: TalkRates;
  }[];
  operators: {
    operator_id: string;
    operator: string | null;
    rates: TalkRates;
    others: Rate;
    difference: Change;
  }[];
}

export interface ObjectionReport {
  campaign: { id: string; name: string } | null;
  campaigns: { id: string; name: string }[];
  window_days: number;
  talks: number;
  without_objections: number;
  items: ObjectionFigures[];
}

export interface HeardTalk {
  id: string;
  customer_id: string;
  name: string;
  at: string;
  outcome: string;
  operator: string | null;
  objections: string[];
  note: string | null;
  order_number: string | null;
  amount: Money | null;
}

export interface CoachingCall {
  id: string;
  name: string;
  at: string;
  outcome: string;
  operator: string | null;
  note: string;
  objections: string[];
}

export interface CoachingTask {
  id: string;
  operator_id: string;
  operator: string | null;
  topic: string;
  title: string;
  calls: CoachingCall[];
  due_day: string | null;
  overdue: boolean;
  given_by: string | null;
  given_day: string;
  done_day: string | null;
  state: 'open' | 'done' | 'dropped';
  updated_at: string;
  effect: Effect | null;
}

export interface CoachingAdvice {
  operator_id: string;
  operator: string | null;
  topic: string;
  own: Rate;
  others: Rate;
  difference: Change;
  calls: CoachingCall[];
  task_id: string | null;
}

export interface Coaching {
  items: CoachingTask[];
  suggested: CoachingAdvice[];
  operators: { id: string; name: string }[];
  days: number;
}

export const OFFER_KINDS = ['percent', 'sum', 'delivery', 'gift', 'expert', 'other'] as const;

export interface Offer {
  id: string;
  name: string;
  kind: (typeof OFFER_KINDS)[number];
  percent: number;
  cost: Money;
  words: string;
  valid_days: number;
  month_limit: number | null;
  month_budget: Money | null;
  gaps: string[];
  least_value: Money;
  retired: boolean;
  updated_at: string;
  issued: number;
  redeemed: number;
  revenue: Money[];
  margin_cost: Money;
}

export interface OfferCode {
  id: string;
  offer_id: string;
  code_end: string;
  customer_id: string;
  name: string;
  operator: string | null;
  issued_at: string;
  expires_day: string;
  why: string;
  order_number: string | null;
  order_day: string | null;
  amount: Money | null;
}
