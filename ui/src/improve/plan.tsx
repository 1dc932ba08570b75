import { Button, NumberInput, Popover, Select } from '@mantine/core';
import { IconPencil } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '~/access/session';
import { api } from '~/api/client';
import { usePaged } from '~/api/paged';
import { useSession } from '~/app/router';
import { Bars } from '~/design/bars';
import { ChartCard } from '~/design/chart';
import { type Column, DataTable } from '~/design/datatable';
import { type Formats, NONE, useFormat } from '~/design/format';
import { SidePanel } from '~/design/panel';
import { BoneFigures, BoneRows, Empty, ErrorNote, Loaded, useProblemText } from '~/design/state';
import { done, failed } from '~/design/toast';
import { useWord } from '~/i18n/word';
import { useOpener } from '~/insight/figures';
import { planQuery } from './api';
import type { Plan, PlanCall, PlanKpi } from './types';
import './improve.css';

const TONE = { on_track: 'good', behind: 'bad', no_data: undefined, no_target: undefined } as const;

function shown(f: Formats, kpi: PlanKpi, value: number | null): string {
  if (value === null) return NONE;
  return kpi.unit === 'share' ? f.pct(value) : `×${f.n(value, 1)}`;
}

interface Asked {
  title: string;
  cell: string;
}

/** One status a KPI, in one line: all goes to plan, or it does not. */
export function PlanBlock() {
  const { t } = useTranslation();
  const f = useFormat();
  const plan = useQuery(planQuery());
  if (!plan.data || plan.data.kpis.every((k) => k.status === 'no_data')) return null;
  const told = plan.data.kpis.filter((k) => k.status === 'on_track' || k.status === 'behind');
  const behind = told.filter((k) => k.status === 'behind').length;
  return (
    <section className="card" data-testid="plan-block">
      <header>
        <h2 className="grow">
          {behind === 0 ? t('improve.plan.allOnTrack') : t('improve.plan.behind', { count: behind })}
        </h2>
        <Link to="/improve" search={{ tab: 'plan' }} className="small">
          {t('improve.plan.open')}
        </Link>
      </header>
      <div className="plan-line">
        {told.map((k) => (
          <Link key={k.code} to="/improve" search={{ tab: 'plan' }} className="pill" data-tone={TONE[k.status]}>
            {t(`improve.kpi.${k.code}` as 'improve.kpi.consent')} <b className="num">{shown(f, k, k.value)}</b>
            <span className="dim"> / {shown(f, k, k.target)}</span>
          </Link>
        ))}
      </div>
    </section>
  );
}

export function PlanPart() {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const opener = useOpener();
  const [campaign, setCampaign] = useState<string>();
  const [asked, setAsked] = useState<Asked>();
  const plan = useQuery(planQuery(campaign));
  return (
    <Loaded query={plan} skeleton={<BoneFigures count={7} />}>
      {(p) => (
        <div className="col loose">
          <div className="row wrap">
            <Select
              label={t('improve.plan.campaign')}
              value={campaign ?? p.campaign?.id ?? 'all'}
              data={[
                { value: 'all', label: t('improve.plan.allCalls') },
                ...p.campaigns.map((c) => ({ value: c.id, label: c.name })),
              ]}
              onChange={(value) => setCampaign(value ?? undefined)}
              allowDeselect={false}
              w={320}
            />
            <Target code="order_window_days" target={p.window_days} unit="days" />
          </div>
          {p.campaigns.length === 0 && (
            <div className="note" data-tone="info">
              {t('improve.plan.noCampaign')}
            </div>
          )}
          <div className="plan-grid">
            {p.kpis.map((kpi) => (
              <Kpi
                key={kpi.code}
                kpi={kpi}
                plan={p}
                onCalls={(cell) => setAsked({ title: word(`improve.cell.${cell}`), cell })}
                onList={(list) => opener.ask(word(`improve.kpi.${kpi.code}`), list)}
              />
            ))}
          </div>
          <ChartCard
            title={t('improve.plan.funnel')}
            note={t('improve.plan.funnelNote', { count: p.window_days })}
            name="contact-consent-order"
            drawing={
              <Bars
                max={Math.max(1, p.funnel[0]?.people ?? 0)}
                bars={p.funnel.map((s) => ({
                  key: s.cell,
                  label: word(`improve.cell.${s.cell}`),
                  value: s.people,
                  onOpen: () => setAsked({ title: word(`improve.cell.${s.cell}`), cell: s.cell }),
                }))}
              />
            }
            twin={{
              head: [t('improve.plan.step'), t('base.ageSeries')],
              rows: p.funnel.map((s) => ({
                key: s.cell,
                cells: [word(`improve.cell.${s.cell}`), f.n(s.people)],
                onWho: () => setAsked({ title: word(`improve.cell.${s.cell}`), cell: s.cell }),
              })),
            }}
          />
          {asked && (
            <CallsPanel
              asked={asked}
              campaign={campaign ?? p.campaign?.id ?? 'all'}
              onClose={() => setAsked(undefined)}
            />
          )}
          {opener.panels}
        </div>
      )}
    </Loaded>
  );
}

function Kpi({
  kpi,
  plan,
  onCalls,
  onList,
}: {
  kpi: PlanKpi;
  plan: Plan;
  onCalls: (cell: string) => void;
  onList: (list: string) => void;
}) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const { currency } = useSession().workspace;
  const part = (n: number | null) => (kpi.parts_are_money ? f.money(n, currency) : f.n(n));
  const top = Math.max(kpi.value ?? 0, kpi.target ?? 0, 1e-9) * 1.15;
  const [over, under] = kpi.calls ?? [];
  return (
    <section className="plan-kpi" aria-label={word(`improve.kpi.${kpi.code}`)}>
      <div className="row tight">
        <h3 className="grow">{word(`improve.kpi.${kpi.code}`)}</h3>
        <span className="pill" data-tone={TONE[kpi.status]}>
          {t(`improve.status.${kpi.status}`)}
        </span>
      </div>
      <div className="big-n num">{shown(f, kpi, kpi.value)}</div>
      <div className="plan-track" aria-hidden="true">
        <span style={{ width: `${(Math.max(0, kpi.value ?? 0) / top) * 100}%` }} />
        {kpi.target !== null && <i style={{ left: `${(Math.max(0, kpi.target) / top) * 100}%` }} />}
      </div>
      <div className="dim small">{word(`improve.formula.${kpi.code}`, { count: plan.window_days })}</div>
      {kpi.denominator !== null && (
        <div className="small num">
          {over && kpi.numerator ? (
            <button type="button" className="link num" onClick={() => onCalls(over)}>
              {part(kpi.numerator)}
            </button>
          ) : (
            part(kpi.numerator)
          )}
          {' ÷ '}
          {under && kpi.denominator ? (
            <button type="button" className="link num" onClick={() => onCalls(under)}>
              {part(kpi.denominator)}
            </button>
          ) : (
            part(kpi.denominator)
          )}
          {kpi.low !== null && kpi.high !== null && (
            <span className="dim">
              {' '}
              · {t('figure.between', { low: shown(f, kpi, kpi.low), high: shown(f, kpi, kpi.high) })}
            </span>
          )}
        </div>
      )}
      {kpi.code === 'payback' && plan.payback && <div className="small dim">{payback(plan.payback, f, word)}</div>}
      <div className="row tight wrap small">
        <Target
          code={kpi.code}
          target={kpi.target}
          unit={kpi.unit === 'share' ? 'percent' : 'times'}
          less={!kpi.more_is_better}
        />
        <span className="grow" />
        {kpi.list && (
          <button type="button" className="link" onClick={() => kpi.list && onList(kpi.list)}>
            {t('chart.who')}
          </button>
        )}
        {(kpi.code === 'aov_growth' || kpi.code === 'payback') && plan.campaign && (
          <Link to="/proof" search={{ campaign: plan.campaign.id }}>
            {t('nav.proof')}
          </Link>
        )}
      </div>
    </section>
  );
}

function payback(p: NonNullable<Plan['payback']>, f: Formats, say: ReturnType<typeof useWord>): string {
  if (!p.cost_is_entered) return say('improve.plan.noCost');
  const until = f.date(p.until);
  if (p.day) return say('improve.plan.paidBack', { day: f.date(p.day), until });
  return say(p.open ? 'improve.plan.notYet' : 'improve.plan.notPaid', { until });
}

/** The target line: shown to all, changed by who plans. */
function Target({
  code,
  target,
  unit,
  less,
}: {
  code: string;
  target: number | null;
  unit: 'percent' | 'times' | 'days';
  less?: boolean;
}) {
  const { t } = useTranslation();
  const f = useFormat();
  const client = useQueryClient();
  const problem = useProblemText();
  const mayEdit = can(useSession(), 'audience');
  const [open, setOpen] = useState(false);
  const [value, setValue] = useState<number | ''>('');
  const scale = unit === 'percent' ? 100 : 1;
  const save = useMutation({
    mutationFn: (next: number | null) => api.put(`/api/plan/targets/${code}`, { target: next }),
    onSuccess: async (_, next) => {
      setOpen(false);
      await client.invalidateQueries({ queryKey: ['plan'] });
      // The shipped target comes back by taking the own one away, so there is something to undo only where it was set.
      done(t('state.saved'), next === target || target === null ? undefined : () => save.mutate(target));
    },
    onError: (error) => failed(problem(error)),
  });
  const text =
    target === null
      ? t('improve.plan.noTarget')
      : unit === 'days'
        ? t('improve.plan.window', { count: target })
        : t(less ? 'improve.plan.atMost' : 'improve.plan.target', {
            target: unit === 'percent' ? f.pct(target) : `×${f.n(target, Number.isInteger(target) ? 0 : 1)}`,
          });
  if (!mayEdit) return <span>{text}</span>;
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-start" trapFocus>
      <Popover.Target>
        <button
          type="button"
          className="link"
          onClick={() => {
            setValue(target === null ? '' : Math.round(target * scale * 100) / 100);
            setOpen(!open);
          }}
        >
          {text} <IconPencil size={13} aria-label={t('do.edit')} />
        </button>
      </Popover.Target>
      <Popover.Dropdown>
        <form
          className="col tight"
          onSubmit={(event) => {
            event.preventDefault();
            if (value !== '') save.mutate(value / scale);
          }}
        >
          <NumberInput
            label={unit === 'days' ? t('improve.plan.windowLabel') : t('improve.plan.targetLabel')}
            suffix={unit === 'percent' ? ' %' : undefined}
            value={value}
            onChange={(v) => setValue(v === '' ? '' : Number(v))}
          />
          <div className="row tight">
            <Button type="submit" size="compact-sm" disabled={value === ''} loading={save.isPending}>
              {t('do.save')}
            </Button>
            <Button size="compact-sm" variant="subtle" color="gray" onClick={() => save.mutate(null)}>
              {t('improve.shipped')}
            </Button>
          </div>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}

/** The calls behind a figure, with the order that counts. */
function CallsPanel({ asked, campaign, onClose }: { asked: Asked; campaign: string; onClose: () => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const navigate = useNavigate();
  const list = usePaged<PlanCall>(['plan-calls'], '/api/plan/calls', { cell: asked.cell, campaign });
  const word = useWord();
  const columns: Column<PlanCall>[] = [
    {
      key: 'name',
      label: t('people.col.name'),
      width: 'minmax(130px, 1.4fr)',
      render: (c) => <span className="strong">{c.name || t('people.unnamed')}</span>,
    },
    {
      key: 'outcome',
      label: t('desk.outcome'),
      width: 'minmax(96px, 1fr)',
      render: (c) => word(`outcome.${c.outcome}`),
    },
    { key: 'at', label: t('improve.plan.talk'), width: '128px', minor: true, render: (c) => f.date(c.at) },
    {
      key: 'order',
      label: t('improve.plan.order'),
      width: 'minmax(96px, 1fr)',
      align: 'right',
      render: (c) => (c.amount ? f.money(c.amount.minor, c.amount.currency) : NONE),
    },
  ];
  return (
    <SidePanel wide title={asked.title} onClose={onClose}>
      {list.error && !list.rows ? (
        <ErrorNote error={list.error} retry={() => void list.refetch()} />
      ) : list.pending ? (
        <BoneRows rows={12} />
      ) : (
        <DataTable
          label={asked.title}
          columns={columns}
          rows={list.rows ?? []}
          rowKey={(c) => c.customer_id}
          onOpen={(c) => void navigate({ to: '/people/$id', params: { id: c.customer_id } })}
          more={list.more}
          onMore={list.fetchMore}
          empty={<Empty title={t('improve.plan.noCalls')} />}
        />
      )}
    </SidePanel>
  );
}
