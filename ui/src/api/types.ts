// The shapes that cross the wire. Ids are text, times RFC 3339, money integer minor units with its currency.

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
export interface LegalBasis {
  purpose: string;
  channel: string;
  basis: string;
  proof?: string | null;
}

export interface Source {
  id: string;
  name: string;
  mapping: string;
  legal_basis: LegalBasis[];
  records: number;
}

export interface PreviewColumn {
  index: number;
  header: string;
  role: string;
  /** 0 to 100. */
  confidence: number;
  samples: string[];
}

export interface Preview {
  upload_id: string;
  file: string;
  size: number;
  kind: 'order' | 'address' | 'person' | 'line';
  /** Not of workbooks. */
  encoding: string | null;
  delimiter: string | null;
  /** The line that holds the headers. */
  header_row: number | null;
  date_order: string;
  currency?: string | null;
  columns: PreviewColumn[];
  rows: string[][];
  warnings: { code: string; message: string }[];
  suggested_source?: string | null;
}

export interface ImportFile {
  file: string;
  rows: number;
  new: number;
  changed: number;
  unchanged: number;
  rejected: number;
}

export interface Import {
  id: string;
  source: string;
  state: 'uploaded' | 'running' | 'done' | 'failed' | 'undone';
  files: ImportFile[];
  rows_done: number;
  rows_total?: number | null;
  people?: { before?: number; after?: number; customers?: number; merged?: number; review?: number } | null;
  error?: string | null;
  created_at: string;
  finished_at?: string | null;
}

export interface Reject {
  file: string;
  line: number;
  column: string;
  reason: string;
  raw: string[];
}

export interface Category {
  id: string;
  key: string;
  name_ru: string;
  name_uk: string;
  name_en: string;
  position?: number;
  products?: number;
}

export interface Product {
  id: string;
  title: string;
  category_id: string | null;
  orders: number;
}

// ── identity ──────────────────────────────────────────────────────────────
export interface CustomerRow {
  id: string;
  name: string;
  phones: string[];
  emails: string[];
  city?: string | null;
  orders: number;
  last_order_day?: string | null;
  stage?: Stage | null;
  revenue?: Money | null;
}

export interface Contact {
  id: string;
  kind: string;
  value: string;
  masked: boolean;
  status?: string | null;
  preferred: boolean;
  first_seen?: string | null;
  last_seen?: string | null;
  source?: string | null;
}

export interface Reason {
  field: string;
  level: string;
  weight: number;
  a?: string | null;
  b?: string | null;
}

export interface Merge {
  id: string;
  at: string;
  kind: string;
  probability: number;
  reasons: Reason[];
  made_by: string;
  undone_at?: string | null;
  customer_id?: string;
  name?: string;
}

export interface Consent {
  purpose: string;
  channel: string;
  state: string;
  basis: string;
  value?: string;
  at: string;
}

export interface CustomerCard {
  id: string;
  name: string;
  given_name: string;
  family_name: string;
  patronymic: string;
  language?: LangCode | null;
  birth_date?: string | null;
  stage?: Stage | null;
  contacts: Contact[];
  addresses: {
    id: string;
    text: string;
    city: string;
    pickup: boolean;
    first_seen?: string | null;
    last_seen?: string | null;
  }[];
  orders: {
    id: string;
    number: string;
    day: string;
    status: string;
    amount: Money;
    items: { title: string; quantity: number }[];
  }[];
  totals: { orders: number; revenue: Money; first_day?: string | null; last_day?: string | null };
  consents: Consent[];
  preferences: { category_id?: string; name?: string; chosen?: boolean; at?: string }[];
  merges: Merge[];
  completeness?: { score: number; missing: string[] } | null;
  dead?: boolean;
}

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

export interface GraphData {
  nodes: {
    record_id: string;
    label: string;
    source: string;
    name: string;
    phone?: string | null;
    email?: string | null;
  }[];
  links: { a: string; b: string; weight: number; probability: number; reasons: Reason[] }[];
}

export interface Dedup {
  records: number;
  customers: number;
  kinds: { kind: string; count: number }[];
  review_open: number;
  before: number;
  after: number;
}

export interface ReviewPair {
  id: string;
  left: CustomerCard;
  right: CustomerCard;
  probability: number;
  reasons: Reason[];
  value: Money;
}

// ── audience, content ─────────────────────────────────────────────────────
export interface Waterfall {
  base: number;
  steps: { code: string; count: number }[];
  holdout: number;
  remaining: number;
}

export interface Body {
  subject: string;
  mjml: string;
  text: string;
}

export interface Finding {
  severity: 'refuse' | 'warn' | 'error' | 'info' | string;
  code: string;
  message: string;
  line?: number | null;
  where?: string | null;
  language?: string | null;
  excerpt?: string | null;
}

export interface LetterPreview {
  language: LangCode;
  subject: string;
  html: string;
  text: string;
  segments?: number | null;
  findings: Finding[];
}

// ── campaign, report ──────────────────────────────────────────────────────
export interface WaveDraft {
  id?: string;
  channel: ChannelKind;
  after_days: number;
  target: 'all' | 'silent';
  bodies: ByLang<Body>;
  from_name: string;
  from_address: string;
  rate_per_second?: number | null;
  state?: string;
  due_at?: string | null;
  started_at?: string | null;
}

export interface CampaignDraft {
  name: string;
  language: 'by-customer' | LangCode;
  segment_id: string | null;
  holdout_share: number;
  goal: { kind: string; window_days: number };
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
  state: Campaign['state'];
  pause_reason?: string | null;
  launched_at?: string | null;
  people?: number | null;
  waves: { channel: ChannelKind; state: string }[];
}

export interface WaveReport {
  id?: string;
  number?: number;
  state?: string;
  due_at?: string | null;
  channel: ChannelKind;
  planned: number;
  excluded: Record<string, number>;
  held: number;
  sent: number;
  delivered: number;
  bounced: number;
  clicked: number;
  positive: number;
  negative: number;
  uncertain: number;
  ledger?: Record<string, number>;
}

export interface Arm {
  people: number;
  bought: number;
  share: number | null;
  revenue?: Money;
}

export interface Effect {
  treated: Arm;
  holdout: Arm;
  window_days?: number | null;
  difference: number | null;
  low: number | null;
  high: number | null;
}

export interface CampaignReport {
  campaign_id: string;
  state: string;
  waves: WaveReport[];
  final: Record<string, number>;
  holdout: number;
  people: number;
  effect: Effect | null;
  simulated: boolean;
}

export interface DeskTask {
  id: string;
  customer: CustomerCard;
  number: string | null;
  script: string;
  wave?: number | string | { id?: string; position?: number; channel?: string } | null;
  campaign?: string | { id: string; name: string } | null;
  attempts: number;
  letter_sent?: boolean | string | null;
}
