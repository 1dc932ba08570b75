import { Button, NumberInput, Slider, Textarea } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '~/api/client';
import { useSession } from '~/app/router';
import { type Formats, majorScale, NONE, useFormat, useMoneyField } from '~/design/format';
import { Card } from '~/design/page';
import { ErrorNote } from '~/design/state';
import { useWord } from '~/i18n/word';
import { BriefCard } from '~/improve/brief';

type Answer = Record<string, number | null>;

interface Input {
  name: string;
  start: number;
  /** Shares are typed in percent. */
  percent?: boolean;
  /** May be below zero. */
  signed?: boolean;
}

interface Tool {
  name:
    | 'sample-size'
    | 'smallest-difference'
    | 'newcombe'
    | 'wilson'
    | 'srm'
    | 'nps'
    | 'prob-better'
    | 'confidence-sequence'
    | 'welch'
    | 'msprt'
    | 'group-sequential';
  inputs: Input[];
  show: (a: Answer, f: Formats, say: ReturnType<typeof useWord>) => string;
}

const points = (f: Formats, v: number | null | undefined) =>
  v === null || v === undefined ? NONE : `${v > 0 ? '+' : v < 0 ? '−' : ''}${f.n(Math.abs(v) * 100, 2)}`;

const TOOLS: Tool[] = [
  {
    name: 'sample-size',
    inputs: [
      { name: 'baseline', start: 5, percent: true },
      { name: 'mde', start: 1, percent: true },
    ],
    show: (a, f, say) => say('calc.sampleSize', { n: f.n(a.per_arm) }),
  },
  {
    name: 'smallest-difference',
    inputs: [
      { name: 'baseline', start: 5, percent: true },
      { name: 'n1', start: 5000 },
      { name: 'n2', start: 5000 },
    ],
    show: (a, f, say) =>
      typeof a.difference === 'number'
        ? say('calc.smallest', { d: f.n(a.difference * 100, 2) })
        : say('calc.smallestNone'),
  },
  {
    name: 'newcombe',
    inputs: [
      { name: 'x1', start: 340 },
      { name: 'n1', start: 2259 },
      { name: 'x2', start: 19 },
      { name: 'n2', start: 251 },
    ],
    show: (a, f, say) =>
      say('calc.difference', { d: points(f, a.difference), low: points(f, a.low), high: points(f, a.high) }),
  },
  {
    name: 'wilson',
    inputs: [
      { name: 'x', start: 62 },
      { name: 'n', start: 100 },
    ],
    show: (a, f, say) => say('calc.interval', { low: f.pct(a.low, 2), high: f.pct(a.high, 2) }),
  },
  {
    name: 'prob-better',
    inputs: [
      { name: 'x1', start: 40 },
      { name: 'n1', start: 1000 },
      { name: 'x2', start: 52 },
      { name: 'n2', start: 1000 },
    ],
    show: (a, f, say) => say('calc.better', { p: f.pct(a.p, 1) }),
  },
  {
    name: 'srm',
    inputs: [
      { name: 'n1', start: 5000 },
      { name: 'n2', start: 5100 },
    ],
    show: (a, f, say) => say('calc.srm', { p: f.n(a.p, 4), chi2: f.n(a.chi2, 2) }),
  },
  {
    name: 'nps',
    inputs: [
      { name: 'promoters', start: 120 },
      { name: 'detractors', start: 40 },
      { name: 'n', start: 240 },
    ],
    show: (a, f, say) => say('calc.nps', { nps: f.n(a.nps, 1), low: f.n(a.low, 1), high: f.n(a.high, 1) }),
  },
  {
    name: 'confidence-sequence',
    inputs: [
      { name: 'x1', start: 40 },
      { name: 'n1', start: 1000 },
      { name: 'x2', start: 60 },
      { name: 'n2', start: 1000 },
      { name: 'tuning', start: 2000 },
    ],
    show: (a, f, say) =>
      say('calc.anyTime', { d: points(f, a.difference), low: points(f, a.low), high: points(f, a.high) }),
  },
  {
    name: 'welch',
    inputs: [
      { name: 'sum1', start: 125_000, signed: true },
      { name: 'sumsq1', start: 40_000_000 },
      { name: 'n1', start: 1000 },
      { name: 'sum2', start: 141_000, signed: true },
      { name: 'sumsq2', start: 46_000_000 },
      { name: 'n2', start: 1000 },
    ],
    show: (a, f, say) =>
      say('calc.mean', { d: f.n(a.difference, 2), low: f.n(a.low, 2), high: f.n(a.high, 2), p: f.n(a.p, 4) }),
  },
  {
    name: 'msprt',
    inputs: [
      { name: 'n', start: 500 },
      { name: 'difference', start: 0.02, signed: true },
      { name: 'variance', start: 0.09 },
      { name: 'tau2', start: 0.0004 },
    ],
    show: (a, f, say) => say('calc.msprt', { lambda: f.n(a.lambda, 3), p: f.n(a.p, 4) }),
  },
  {
    name: 'group-sequential',
    inputs: [{ name: 'looks', start: 5 }],
    show: (a, f, say) => say('calc.boundary', { z: f.n(a.constant, 4) }),
  },
];

export function CalculatorsPart() {
  return (
    <div className="col loose">
      <WhatIf />
      <RetentionSpend />
      <WinBack />
      <BriefCard />
      <div className="grid" style={{ ['--min' as string]: '330px' }}>
        {TOOLS.map((tool) => (
          <Calculator key={tool.name} tool={tool} />
        ))}
        <Cuped />
      </div>
    </div>
  );
}

function Calculator({ tool }: { tool: Tool }) {
  const { t } = useTranslation();
  const word = useWord();
  const f = useFormat();
  const [values, setValues] = useState<Record<string, number>>(() =>
    Object.fromEntries(tool.inputs.map((i) => [i.name, i.start])),
  );
  const body = Object.fromEntries(
    tool.inputs.map((i) => [i.name, i.percent ? (values[i.name] ?? 0) / 100 : (values[i.name] ?? 0)]),
  );
  const [asked] = useDebouncedValue(body, 200);
  const query = useQuery({
    queryKey: ['stat', tool.name, asked],
    queryFn: ({ signal }) => api.post<Answer>(`/api/stat/${tool.name}`, asked, { signal }),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  return (
    <Card title={t(`calc.name.${tool.name}`)}>
      <div className="calc">
        <p className="dim small">{t(`calc.about.${tool.name}`)}</p>
        <div className="grid" style={{ ['--min' as string]: '110px' }}>
          {tool.inputs.map((i) => (
            <NumberInput
              key={i.name}
              label={t(`calc.input.${i.name as 'x'}`)}
              min={i.signed ? undefined : 0}
              suffix={i.percent ? ' %' : undefined}
              value={values[i.name]}
              onChange={(v) => setValues({ ...values, [i.name]: Number(v) || 0 })}
            />
          ))}
        </div>
        <div className="calc-answer" aria-live="polite">
          {query.error ? <ErrorNote error={query.error} /> : query.data ? tool.show(query.data, f, word) : NONE}
        </div>
      </div>
    </Card>
  );
}

/** The covariate before the campaign against the outcome after it: how much of the variance it explains. */
function Cuped() {
  const { t } = useTranslation();
  const f = useFormat();
  const [text, setText] = useState('100 130\n0 20\n250 260\n80 75\n40 90\n0 0');
  const pairs = text
    .split('\n')
    .map((line) =>
      line
        .trim()
        .split(/[\s;,]+/)
        .map(Number),
    )
    .filter((p) => p.length === 2 && p.every(Number.isFinite)) as [number, number][];
  const [asked] = useDebouncedValue(pairs, 300);
  const query = useQuery({
    queryKey: ['stat', 'cuped', asked],
    queryFn: ({ signal }) =>
      api.post<Answer>('/api/stat/cuped', { x: asked.map((p) => p[0]), y: asked.map((p) => p[1]) }, { signal }),
    placeholderData: keepPreviousData,
    retry: false,
  });
  return (
    <Card title={t('calc.name.cuped')}>
      <div className="calc">
        <p className="dim small">{t('calc.about.cuped')}</p>
        <Textarea
          label={t('calc.input.pairs')}
          autosize
          minRows={4}
          maxRows={8}
          value={text}
          onChange={(e) => setText(e.target.value)}
        />
        <div className="calc-answer" aria-live="polite">
          {query.error ? (
            <ErrorNote error={query.error} />
          ) : query.data ? (
            t('calc.cuped', {
              theta: f.n(query.data.theta, 3),
              left: f.pct(query.data.variance_ratio),
              mean: f.n(query.data.mean, 2),
            })
          ) : (
            NONE
          )}
        </div>
      </div>
    </Card>
  );
}

interface SpendAnswer {
  own: Own;
  answer: ChurnAnswer['answer'];
  profit_minor: number;
  payback: number | null;
  break_even_cut: number | null;
}

/** Money spent on keeping customers: what it brings under an assumed cut of churn, and the cut that pays for it. */
function RetentionSpend() {
  const { t } = useTranslation();
  const f = useFormat();
  const { currency } = useSession().workspace;
  const [spend, setSpend] = useState(10_000);
  const [cut, setCut] = useState(5);
  const money = useMoneyField(currency);
  const [asked] = useDebouncedValue({ spend_minor: Math.round(spend * majorScale(currency)), cut: cut / 100 }, 200);
  const query = useQuery({
    queryKey: ['what-if', 'spend', asked],
    queryFn: ({ signal }) => api.post<SpendAnswer>('/api/insight/what-if/retention-spend', asked, { signal }),
    placeholderData: keepPreviousData,
    retry: false,
  });
  const a = query.data;
  return (
    <Card title={t('whatIf.spendTitle')}>
      <div className="calc">
        <p className="dim small">{t('whatIf.spendAbout')}</p>
        <div className="grid" style={{ ['--min' as string]: '150px' }}>
          <NumberInput
            label={t('whatIf.spend')}
            min={0}
            {...money}
            value={spend}
            onChange={(v) => setSpend(Number(v) || 0)}
          />
          <NumberInput
            label={t('whatIf.cut')}
            min={0}
            max={100}
            suffix=" %"
            value={cut}
            onChange={(v) => setCut(Math.min(100, Number(v) || 0))}
          />
        </div>
        {query.error && <ErrorNote error={query.error} />}
        {a && (
          <dl className="facts" aria-live="polite">
            <dt>{a.own.margin_is_default ? t('whatIf.revenue') : t('whatIf.margin')}</dt>
            <dd>{f.money(a.answer.extra_margin_minor, currency)}</dd>
            {a.own.margin_is_default ? (
              <>
                <dt>{t('whatIf.profit')}</dt>
                <dd className="dim">{t('insight.revenueInstead')}</dd>
              </>
            ) : (
              <>
                <dt>{t('whatIf.profit')}</dt>
                <dd className={a.profit_minor >= 0 ? 'strong good' : 'strong bad'}>
                  {f.money(a.profit_minor, currency)}
                </dd>
              </>
            )}
            <dt>{t('whatIf.payback')}</dt>
            <dd>{f.pct(a.payback, 0)}</dd>
            <dt>{t('whatIf.breakEven')}</dt>
            <dd>{a.break_even_cut === null ? t('whatIf.never') : `−${f.pct(a.break_even_cut)}`}</dd>
          </dl>
        )}
        <p className="dim small">{t('whatIf.spendBenchmark')}</p>
      </div>
    </Card>
  );
}

interface Own {
  active: number;
  yearly_churn: number;
  margin_per_active_minor: number;
  margin_is_default: boolean;
}

interface ChurnAnswer {
  own: Own;
  answer: {
    churn_now: number;
    churn_then: number;
    customers_kept: number;
    extra_margin_minor: number;
    profit_change: number | null;
  };
}

/** A slider on the base's own figures: churn lower by so much, profit higher by so much. */
function WhatIf() {
  const { t } = useTranslation();
  const f = useFormat();
  const { currency } = useSession().workspace;
  const [cut, setCut] = useState(10);
  const [asked] = useDebouncedValue(cut, 120);
  const query = useQuery({
    queryKey: ['what-if', 'churn', asked],
    queryFn: ({ signal }) => api.post<ChurnAnswer>('/api/insight/what-if/churn', { cut: asked / 100 }, { signal }),
    placeholderData: keepPreviousData,
    retry: false,
  });
  const a = query.data;
  return (
    <Card title={t('whatIf.title')}>
      <div className="calc">
        <p className="dim small">{t('whatIf.about')}</p>
        <Slider
          thumbLabel={t('whatIf.title')}
          min={0}
          max={50}
          value={cut}
          onChange={setCut}
          label={(v) => `−${f.pct(v / 100, 0)}`}
          mb={6}
        />
        {query.error && <ErrorNote error={query.error} />}
        {a && (
          <dl className="facts" aria-live="polite">
            <dt>{t('whatIf.churn')}</dt>
            <dd>
              {f.pct(a.answer.churn_now)} → {f.pct(a.answer.churn_then)}
            </dd>
            <dt>{t('whatIf.kept')}</dt>
            <dd>{f.n(a.answer.customers_kept)}</dd>
            <dt>{a.own.margin_is_default ? t('whatIf.revenue') : t('whatIf.margin')}</dt>
            <dd className="strong">
              {f.money(a.answer.extra_margin_minor, currency)}{' '}
              {a.answer.profit_change !== null && <span className="good">(+{f.pct(a.answer.profit_change)})</span>}
            </dd>
            <dt>{t('whatIf.basis')}</dt>
            <dd className="dim">
              {t('whatIf.basisText', {
                active: f.n(a.own.active),
                margin: f.money(a.own.margin_per_active_minor, currency),
              })}
            </dd>
          </dl>
        )}
        <p className="dim small">{t('whatIf.benchmark')}</p>
      </div>
    </Card>
  );
}

interface Potential {
  returned: number;
  returned_low: number;
  returned_high: number;
  margin_minor: number;
  margin_low_minor: number;
  margin_high_minor: number;
  cost_minor: number;
  cost_per_returned_minor: number | null;
  payback: number | null;
  payback_low: number | null;
  payback_high: number | null;
  per_arm: number | null;
  provable: boolean;
}

const PLAN = [
  { name: 'people', start: 0, unit: 'count' },
  { name: 'reach', start: 60, unit: 'percent' },
  { name: 'conversion', start: 15, unit: 'percent' },
  { name: 'baseline', start: 0, unit: 'percent' },
  { name: 'average_order_minor', start: 0, unit: 'money' },
  { name: 'margin_share', start: 100, unit: 'percent' },
  { name: 'cost_per_contact_minor', start: 8, unit: 'money' },
  { name: 'fixed_cost_minor', start: 5000, unit: 'money' },
  { name: 'holdout_share', start: 10, unit: 'percent' },
] as const;

interface WinBackStart {
  people: number;
  baseline: number | null;
  average_order_minor: number | null;
  margin_share: number | null;
}

/** What the own base says, in the units of the form. */
function ownPlan(own: WinBackStart | undefined): Record<string, number> {
  if (!own) return {};
  const entries: [string, number | null][] = [
    ['people', own.people],
    ['baseline', own.baseline === null ? null : Math.round(own.baseline * 1000) / 10],
    ['average_order_minor', own.average_order_minor === null ? null : Math.round(own.average_order_minor) / 100],
    ['margin_share', own.margin_share === null ? null : Math.round(own.margin_share * 1000) / 10],
  ];
  return Object.fromEntries(entries.filter(([, value]) => value !== null)) as Record<string, number>;
}

/** What a win-back could bring before it is started, and whether the hold-out could show it. */
function WinBack() {
  const { t } = useTranslation();
  const f = useFormat();
  const { currency } = useSession().workspace;
  const money = useMoneyField(currency);
  const [typed, setPlan] = useState<Record<string, number>>({});
  const own = useQuery({
    queryKey: ['insight', 'win-back-start'],
    queryFn: ({ signal }) => api.get<WinBackStart>('/api/insight/what-if/win-back', undefined, signal),
  });
  const plan: Record<string, number> = {
    ...Object.fromEntries(PLAN.map((p) => [p.name, p.start])),
    ...ownPlan(own.data),
    ...typed,
  };
  const noMargin = own.data?.margin_share === null && typed.margin_share === undefined;
  const ask = useMutation({
    mutationFn: () =>
      api.post<Potential>(
        '/api/insight/what-if/win-back',
        Object.fromEntries(
          PLAN.map((p) => {
            const v = plan[p.name] ?? 0;
            return [p.name, p.unit === 'percent' ? v / 100 : p.unit === 'money' ? Math.round(v * 100) : v];
          }),
        ),
      ),
  });
  const a = ask.data;
  return (
    <Card title={t('winBack.title')}>
      <form
        className="calc"
        onSubmit={(event) => {
          event.preventDefault();
          ask.mutate();
        }}
      >
        <p className="dim small">{t('winBack.own')}</p>
        <div className="grid" style={{ ['--min' as string]: '150px' }}>
          {PLAN.map((p) => (
            <NumberInput
              key={p.name}
              label={t(`winBack.${p.name}`)}
              min={0}
              {...(p.unit === 'money' ? money : { suffix: p.unit === 'percent' ? ' %' : undefined })}
              value={plan[p.name]}
              onChange={(v) => setPlan({ ...typed, [p.name]: Number(v) || 0 })}
            />
          ))}
        </div>
        <div>
          <Button type="submit" variant="default" loading={ask.isPending}>
            {t('winBack.go')}
          </Button>
        </div>
        {ask.error && <ErrorNote error={ask.error} />}
        {a && (
          <dl className="facts calc-answer" aria-live="polite">
            <dt>{t('winBack.returned')}</dt>
            <dd>
              {f.n(a.returned)} ({f.n(a.returned_low)}–{f.n(a.returned_high)})
            </dd>
            <dt>{noMargin ? t('whatIf.revenue') : t('winBack.margin')}</dt>
            <dd>
              {f.money(a.margin_minor, currency)} ({f.money(a.margin_low_minor, currency)} –{' '}
              {f.money(a.margin_high_minor, currency)})
            </dd>
            <dt>{t('winBack.cost')}</dt>
            <dd>
              {f.money(a.cost_minor, currency)} ·{' '}
              {t('winBack.perReturned', { value: f.money(a.cost_per_returned_minor, currency) })}
            </dd>
            <dt>{t('winBack.payback')}</dt>
            <dd className="strong">
              {f.pct(a.payback, 0)} ({f.pct(a.payback_low, 0)}–{f.pct(a.payback_high, 0)})
            </dd>
            <dt>{t('winBack.proof')}</dt>
            <dd className={a.provable ? 'good' : 'warn'}>
              {a.provable ? t('winBack.provable') : t('winBack.notProvable', { n: f.n(a.per_arm) })}
            </dd>
          </dl>
        )}
      </form>
    </Card>
  );
}
