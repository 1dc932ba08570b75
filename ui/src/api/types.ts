// The shapes that cross the wire are generated from the server's own description (`npm run api`). Here they get the names
// that pages use; what the description leaves open (money, words of a closed list) is said more narrowly.
import type { components } from './schema';

export type Shapes = components['schemas'];
/** A generated shape, with some of its fields narrowed. */
type With<T, Narrow> = Omit<T, keyof Narrow> & Narrow;

export interface Page<T> {
  items: T[];
  next: string | null;
  total?: number | null;
}

export interface Money {
  minor: number;
  currency: string;
}

export type LangCode = 'ru' | 'uk' | 'en';
export type ByLang<T> = Partial<Record<LangCode, T>>;
export type Stage = 'new' | 'developing' | 'at_risk' | 'lapsed' | 'returned' | 'none';
export type ChannelKind = 'email' | 'sms' | 'call';

// ── ingest, commerce ──────────────────────────────────────────────────────
export type LegalBasis = Shapes['BasisRow'];
export type Source = Shapes['SourceView'];
export type Preview = With<Shapes['PreviewView'], { rows: string[][] }>;
export type ImportFile = Shapes['FileView'];
export type Import = With<Shapes['ImportView'], { state: 'uploaded' | 'running' | 'done' | 'failed' | 'undone' }>;
export type Reject = Shapes['RejectView'];
export type SourceCheck = Shapes['SourceCheck'];
export type Category = Shapes['CategoryView'];
export type Product = Shapes['ProductView'];

// ── identity ──────────────────────────────────────────────────────────────
/** A line of any list of people. */
export type CustomerRow = With<
  Shapes['CustomerLine'],
  {
    stage: Stage;
    revenue: Money;
    last_order_day?: string | null;
    risk?: number | null;
    value_at_risk?: Money | null;
    signals?: { signal: string; [key: string]: number | string }[];
  }
>;
export type Contact = Shapes['CardContact'];
export type Reason = Shapes['LinkReason'];
export type Merge = Shapes['MergeLine'];
export type CustomerCard = With<
  Shapes['CustomerCard'],
  {
    stage: Stage;
    language?: LangCode | null;
    orders: With<Shapes['CardOrder'], { amount: Money }>[];
    totals: With<Shapes['CardTotals'], { revenue: Money }>;
    consents: { purpose: string; channel: string; state: string; basis: string; value?: string; at: string }[];
    preferences: { category_id?: string; name?: string; chosen?: boolean; at?: string }[];
  }
>;
export interface Interaction {
  id: string;
  at: string;
  kind: string;
  channel: string;
  direction: string;
  campaign_id?: string | null;
  actor_kind?: string;
  data: Record<string, unknown>;
}
export type GraphData = Shapes['ClusterGraph'];
export type Dedup = Shapes['DedupSummary'];
export type ModelVersion = Shapes['ModelVersion'];
export type ReviewPair = With<Shapes['ReviewPair'], { left: CustomerCard; right: CustomerCard; value: Money }>;
export type ReviewQueue = With<Shapes['ReviewQueue'], { items: ReviewPair[] }>;
export type ReviewReopened = { pair?: ReviewPair | null };
export type Candidate = With<Shapes['CandidateFound'], { customer: CustomerRow }>;
export type CustomerEntered = With<Shapes['CustomerEntered'], { customer: CustomerCard }>;
export type CustomerPair = With<Shapes['CustomerPair'], { left: CustomerCard; right: CustomerCard }>;
export type PairDecided = Shapes['PairDecided'];

// ── audience, content ─────────────────────────────────────────────────────
export interface Waterfall {
  base: number;
  steps: Shapes['StepLine'][];
  holdout: number;
  remaining: number;
}
export interface Body {
  subject: string;
  mjml: string;
  text: string;
}
/** A finding of a text or of a whole campaign; the latter names where instead of a line. */
export type Finding = Pick<Shapes['FindingLine'], 'severity' | 'code' | 'message'> &
  Partial<Pick<Shapes['FindingLine'], 'line' | 'language' | 'excerpt'>> & { where?: string | null };
export type LetterPreview = With<Shapes['Preview'], { language: LangCode; findings: Finding[] }>;

// ── campaign, report ──────────────────────────────────────────────────────
export type TextChange = Shapes['TextChange'];
export type VariantDraft = With<Shapes['VariantDraft'], { share: number | null; changes: ByLang<TextChange> }>;
export interface WaveDraft {
  id?: string;
  channel: ChannelKind;
  after_days: number;
  target: 'all' | 'silent';
  bodies: ByLang<Body>;
  from_name: string;
  from_address: string;
  rate_per_second?: number | null;
  variants: VariantDraft[];
  state?: string;
  due_at?: string | null;
  started_at?: string | null;
}
export interface CampaignDraft {
  name: string;
  kind: Shapes['Kind'];
  entry: Shapes['Entry'];
  language: 'by-customer' | LangCode;
  segment_id: string | null;
  holdout_share: number;
  goal: Shapes['Goal'];
  waves: WaveDraft[];
}
export interface Campaign extends CampaignDraft {
  id: string;
  state: 'draft' | 'running' | 'paused' | 'stopped' | 'finished';
  pause_reason?: string | null;
  launched_at?: string | null;
}
export interface CampaignRow {
  id: string;
  name: string;
  kind: Shapes['Kind'];
  state: Campaign['state'];
  pause_reason?: string | null;
  launched_at?: string | null;
  people?: number | null;
  waves: { channel: ChannelKind; state: string }[];
}
export type WaveReport = With<
  Shapes['WaveReport'],
  { channel: ChannelKind; excluded: Record<string, number>; ledger: Record<string, number> }
>;
export type CampaignVariants = Shapes['CampaignVariants'];
export type WaveVariants = Shapes['WaveVariants'];
export type Versus = Shapes['Versus'];
export type Arm = With<Shapes['Arm'], { revenue: Money }>;
export type Effect = With<Shapes['Effect'], { treated: Arm; holdout: Arm }>;
export type CampaignReport = With<
  Shapes['CampaignReport'],
  {
    waves: WaveReport[];
    final: Record<string, number>;
    effect: Effect | null;
    /** Where the people of a journey are; null of waves. */
    journey: Record<string, number> | null;
  }
>;
export type DeskTask = With<Shapes['Task'], { customer: CustomerCard }>;
