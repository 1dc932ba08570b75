import type { Money, Stage } from '~/api/types';
import type { Figure } from '~/design/figure';

export interface BaseValue {
  as_of: string;
  model: string | null;
  horizon_days: number;
  margin_share: number;
  margin_is_default: boolean;
  figures: Figure[];
  stages: {
    stage: Stage;
    customers: number;
    realised: Money;
    expected: Money | null;
    value_at_risk: Money | null;
    list: string;
  }[];
}

export interface ChurnBoard {
  as_of: string;
  figures: Figure[];
  trend: {
    month: string;
    active_at_start: number;
    lapsed: number;
    returned: number;
    new: number;
    rate: number | null;
    partial: boolean;
    list: string;
  }[];
  signals: { signal: string; customers: number; value_at_risk: Money; action: string; list: string }[];
  reasons: {
    controllable: number;
    natural: number;
    other: number;
    unknown: number;
    items: {
      reason: string;
      name: string;
      kind: string;
      customers: number;
      revenue: Money;
      action: string;
      list: string;
    }[];
  };
  alerts: {
    code: string;
    month: string;
    some: number;
    all: number;
    rate: number;
    usual: number;
    low: number | null;
    high: number | null;
    list: string;
  }[];
  moves: { from: string; to: string; cause: string; moves: number; list: string }[];
  queue: string;
  threshold: {
    days: number;
    is_default: boolean;
    by_hand: boolean;
    since: string;
    gaps: number;
    first_lapse: string | null;
  };
}

export interface RfmMap {
  as_of: string;
  customers: number;
  cells: { r: number; f: number; customers: number; revenue: Money; value_at_risk: Money; list: string }[];
  bands: { axis: 'recency' | 'frequency' | 'monetary'; score: number; customers: number; low: number; high: number }[];
}

export interface Cohorts {
  as_of: string;
  cohorts: {
    cohort: string;
    customers: number;
    months: { index: number; customers: number; share: number; revenue: Money; list: string }[];
  }[];
}

export interface Fit {
  model: string;
  parameters: { name: string; value: number; standard_error: number | null }[];
  log_likelihood: number;
  customers: number;
  converged: boolean;
  iterations: number;
}

export interface ModelCheck {
  version: number;
  made_day: string;
  customers: number;
  lapse_days: number;
  lapse_is_default: boolean;
  lapse_by_hand: boolean;
  lapse_day: string;
  campaign_gaps: number;
  gaps: number;
  median_gap_days: number;
  purchases: Fit | null;
  spend: Fit | null;
  spend_correlation: number | null;
  candidates: {
    model: string;
    converged: boolean;
    log_likelihood: number | null;
    holdout_rmse: number | null;
    holdout_expected: number | null;
    holdout_actual: number | null;
    chosen: boolean;
  }[];
  holdout: {
    calibration_end: string;
    holdout_end: string;
    customers: number;
    bins: { repeats: number; customers: number; expected: number; actual: number }[];
    track: { day: string; expected: number; actual: number }[];
  } | null;
  remarks: string[];
}

export interface Metrics {
  from: string;
  to: string;
  figures: Figure[];
  months: {
    month: string;
    orders: number;
    buyers: number;
    new_customers: number;
    revenue: Money;
    revenue_new: Money;
    revenue_existing: Money;
    active_at_start: number;
    crr: number | null;
    churn: number | null;
    partial: boolean;
    advertising: Money | null;
    first_purchase_minor: number | null;
    later_purchases_minor: number | null;
    arpu_minor: number | null;
    aov_minor: number | null;
    buyers_list: string;
    churned_list: string;
  }[];
  channels: {
    channel: string;
    acquisition: Money | null;
    new_customers: number | null;
    cac: Money | null;
    advertising: Money | null;
    leads: number | null;
    cpl: Money | null;
    ltv_to_cac: number | null;
  }[];
  remarks: { code: string; channel: string | null }[];
}

export interface Range {
  expected: number;
  low: number;
  high: number;
}

export interface Signal {
  signal: string;
  [key: string]: number | string;
}

export interface CardForecast {
  p_alive: number | null;
  risk: number | null;
  signals: Signal[];
  mean_gap_days: number | null;
  due_day: string | null;
  next_day: string | null;
  expected_orders: Range | null;
  expected_value: Range | null;
  none_probability: number | null;
  currency: string;
  realised: Money;
  ltv: Money | null;
  value_at_risk: Money;
  r: number | null;
  f: number | null;
  m: number | null;
  model: string | null;
}

export interface Difference {
  difference: number;
  low: number;
  high: number;
  p?: number | null;
}

export interface Proof {
  treated: number;
  holdout: number;
  treated_buyers: number;
  holdout_buyers: number;
  srm: { chi2: number; p: number } | null;
  srm_alarm: boolean;
  conversion: Difference | null;
  conversion_any_time: Difference | null;
  revenue: Difference | null;
  revenue_cuped: Difference | null;
  revenue_any_time: Difference | null;
  theta: number | null;
  variance_ratio: number | null;
  revenue_lift: Difference | null;
  aov_treated_minor: number | null;
  aov_holdout_minor: number | null;
  aov_growth: number | null;
  incremental_revenue: Difference | null;
  incremental_margin: Difference | null;
  cost_minor: number;
  payback: Difference | null;
}

export interface Basket {
  orders: number;
  mean_minor: number | null;
}

export interface Lifetime {
  before_minor: number | null;
  now_minor: number | null;
}

export interface CampaignProof {
  campaign_id: string;
  name: string;
  state: string;
  simulated: boolean;
  currency: string;
  launched_day: string | null;
  until_day: string | null;
  window_days: number;
  open: boolean;
  holdout_share: number;
  margin_share: number;
  margin_is_default: boolean;
  cost_is_entered: boolean;
  proof: Proof;
  curve: { day: number; margin_minor: number; cost_minor: number }[];
  payback_day: string | null;
  curve_end_minor: number | null;
  baskets: {
    treated: Basket;
    holdout: Basket;
    others: Basket;
    growth: Difference | null;
    growth_over_others: Difference | null;
    enough: number;
  };
  later: {
    from_day: string;
    until_day: string;
    treated_minor: number;
    treated_orders: number;
    holdout_minor: number;
    holdout_orders: number;
    margin: Difference | null;
  } | null;
  lifetime_treated: Lifetime;
  lifetime_holdout: Lifetime;
  attributed_minor: number;
  attributed_orders: number;
  merged_members: number;
}

export const JOURNEY_STEPS = ['touched', 'lead', 'first', 'second', 'regular', 'lapsed', 'returned'] as const;

export interface JourneyStep {
  step: (typeof JOURNEY_STEPS)[number];
  customers: number;
  of: string | null;
  share: number | null;
  low: number | null;
  high: number | null;
  median_days: number | null;
  list: string;
}

export interface JourneyRow {
  channel: string | null;
  month: string | null;
  steps: JourneyStep[];
  realised: Money;
  expected: Money | null;
  ltv: Money | null;
  cac: Money | null;
  ltv_to_cac: number | null;
}

export interface Journey {
  as_of: string;
  lapse_days: number;
  margin_is_default: boolean;
  total: JourneyRow;
  channels: JourneyRow[];
  months: JourneyRow[];
}

export interface CustomerJourney {
  channel: string;
  steps: { step: JourneyStep['step']; day: string | null; days: number | null }[];
  realised: Money;
  expected: Money | null;
}
