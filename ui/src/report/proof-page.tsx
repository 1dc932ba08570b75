import { Button, NumberInput, Select } from '@mantine/core';
import { IconAlertTriangle, IconScale } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '~/access/session';
import { api } from '~/api/client';
import { useSession } from '~/app/router';
import { campaignsQuery } from '~/campaign/api';
import { Interval } from '~/campaign/effect';
import { useCells } from '~/design/cells';
import { ChartCard, ExportMenu, type Twin, type TwinCell } from '~/design/chart';
import type { Palette } from '~/design/echart';
import { type Figure, FigurePanel, FigureTile } from '~/design/figure';
import { majorScale, NONE, useFormat, useMoneyField } from '~/design/format';
import { Card, Page } from '~/design/page';
import { BoneFigures, BoneRows, Empty, Loaded } from '~/design/state';
import { done } from '~/design/toast';
import { type Who, WhoPanel } from '~/identity/people-list';
import type { CampaignProof, Difference } from '~/insight/types';
import { Afterwards } from './afterwards';
import { Variants } from './variants';

export function ProofPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const search = useSearch({ from: '/inside/proof' });
  const campaigns = useQuery(campaignsQuery);
  const launched = campaigns.data?.items.filter((c) => c.state !== 'draft') ?? [];
  const id = search.campaign ?? launched[0]?.id;
  return (
    <Page
      title={t('nav.proof')}
      lead={t('proof.lead')}
      actions={
        launched.length > 0 && (
          <Select
            aria-label={t('campaign.one')}
            w={280}
            data={launched.map((c) => ({ value: c.id, label: c.name }))}
            value={id ?? null}
            onChange={(value) => value && void navigate({ to: '/proof', search: { campaign: value }, replace: true })}
          />
        )
      }
    >
      <Loaded query={campaigns} skeleton={<BoneRows rows={8} />}>
        {() =>
          id ? (
            <OfCampaign key={id} id={id} />
          ) : (
            <Card>
              <Empty
                icon={<IconScale size={22} />}
                title={t('proof.none')}
                action={
                  <Button component={Link} to="/campaigns">
                    {t('nav.campaigns')}
                  </Button>
                }
              >
                {t('proof.noneText')}
              </Empty>
            </Card>
          )
        }
      </Loaded>
    </Page>
  );
}

function OfCampaign({ id }: { id: string }) {
  const { t } = useTranslation();
  const f = useFormat();
  const session = useSession();
  const cells = useCells();
  const navigate = useNavigate();
  const [who, setWho] = useState<Who>();
  const [figure, setFigure] = useState<Figure & { cell: string }>();
  const query = useQuery({
    queryKey: ['insight', 'proof', id],
    queryFn: ({ signal }) => api.get<CampaignProof>(`/api/campaigns/${id}/proof`, undefined, signal),
  });
  const curve = query.data?.curve;
  const option = useMemo(() => {
    const rows = curve ?? [];
    return (p: Palette) => ({
      grid: { left: 8, right: 12, top: 34, bottom: 4, containLabel: true },
      legend: { top: 0, left: 0, textStyle: { color: p.dim }, itemWidth: 16 },
      tooltip: { trigger: 'axis', valueFormatter: (v: number) => f.n(v) },
      xAxis: {
        type: 'category',
        data: rows.map((r) => r.day),
        axisLabel: { color: p.dim },
        axisLine: { lineStyle: { color: p.line } },
        axisTick: { show: false },
      },
      yAxis: {
        type: 'value',
        axisLabel: { color: p.dim, formatter: (v: number) => f.n(v) },
        splitLine: { lineStyle: { color: p.line } },
      },
      series: [
        {
          type: 'line',
          name: t('proof.marginCurve'),
          data: rows.map((r) => r.margin_minor / 100),
          showSymbol: false,
          areaStyle: { opacity: 0.12 },
          itemStyle: { color: p.accent },
        },
        {
          type: 'line',
          name: t('proof.cost'),
          data: rows.map((r) => r.cost_minor / 100),
          showSymbol: false,
          lineStyle: { type: 'dashed' },
          itemStyle: { color: p.bad },
        },
      ],
    });
  }, [curve, f, t]);
  return (
    <Loaded query={query} skeleton={<BoneFigures count={5} />}>
      {(d) => {
        const p = d.proof;
        const money = (v: number | null | undefined) => f.money(v, d.currency);
        const pp = (v: number) => `${v > 0 ? '+' : v < 0 ? '−' : ''}${f.n(Math.abs(v) * 100, 1)}`;
        const signed = (v: number) => `${v > 0 ? '+' : v < 0 ? '−' : ''}${money(Math.abs(v))}`;
        // Intervals in numbers: difference, low, high; money in major units.
        const figures = (of: CampaignProof): Twin => {
          const q = of.proof;
          const three = (x: Difference | null, by = 1): TwinCell[] =>
            [x?.difference, x?.low, x?.high].map((v) => (typeof v === 'number' ? v / by : ''));
          const rows: [string, TwinCell[]][] = [
            [t('proof.treated'), [q.treated_buyers, q.treated, '']],
            [t('waterfall.holdout'), [q.holdout_buyers, q.holdout, '']],
            [t('proof.srm'), [q.srm?.p ?? '', '', '']],
            [t('proof.conversion'), three(q.conversion)],
            [`${t('proof.conversion')} (${t('proof.always')})`, three(q.conversion_any_time)],
            [t('proof.revenue'), three(q.revenue, 100)],
            [`${t('proof.revenue')} (CUPED)`, three(q.revenue_cuped, 100)],
            [`${t('proof.revenue')} (${t('proof.always')})`, three(q.revenue_any_time, 100)],
            [t('proof.aov'), three(of.baskets.growth)],
            [t('proof.aovOver'), three(of.baskets.growth_over_others)],
            [t('proof.incrementalMargin'), three(q.incremental_margin, 100)],
            [t('proof.cost'), [q.cost_minor / 100, '', '']],
            [t('proof.payback'), three(q.payback)],
            [t('proof.paybackDay'), [of.payback_day ?? '', '', '']],
            [t('proof.attributed'), [of.attributed_minor / 100, '', '']],
          ];
          return {
            head: [t('proof.figure'), t('segment.value'), t('proof.low'), t('proof.high')],
            rows: rows.map(([name, cells]) => ({ key: name, cells: [name, ...cells] })),
          };
        };
        const ask = (title: string, cell: string) =>
          setWho({
            title,
            question: { key: ['campaign-people', id], path: `/api/campaigns/${id}/people`, query: { cell } },
          });
        const behind: Record<'margin' | 'payback' | 'day' | 'aov' | 'attributed', () => void> = {
          margin: () =>
            setFigure({
              id: 'proof_margin',
              formula: 'proof_margin',
              value: p.incremental_margin ? p.incremental_margin.difference : null,
              unit: 'money',
              denominator: p.treated,
              cell: 'treated',
            }),
          payback: () =>
            setFigure({
              id: 'proof_payback',
              formula: 'proof_payback',
              value: p.payback ? p.payback.difference : null,
              unit: 'share',
              numerator: p.incremental_margin?.difference,
              denominator: p.cost_minor,
              numerator_unit: 'money',
              denominator_unit: 'money',
              cell: 'treated_bought',
            }),
          day: () => setFigure({ id: 'proof_day', formula: 'proof_day', value: null, cell: 'treated_bought' }),
          aov: () =>
            setFigure({
              id: 'proof_aov',
              formula: 'proof_aov',
              value: d.baskets.growth ? d.baskets.growth.difference : null,
              unit: 'share',
              numerator: p.aov_treated_minor,
              denominator: p.aov_holdout_minor,
              numerator_unit: 'money',
              denominator_unit: 'money',
              cell: 'treated_bought',
            }),
          attributed: () =>
            setFigure({
              id: 'proof_attributed',
              formula: 'proof_attributed',
              value: d.attributed_minor,
              unit: 'money',
              cell: 'reacted_bought',
            }),
        };
        return (
          <div className="col loose">
            <div className="row wrap tight">
              {d.simulated && (
                <span className="pill" data-tone="warn">
                  {t('demo.label')}
                </span>
              )}
              <span className="dim">
                {t('proof.window', { from: f.date(d.launched_day), to: f.date(d.until_day), count: d.window_days })}
              </span>
              {d.open && (
                <span className="pill" data-tone="info">
                  {t('proof.open')}
                </span>
              )}
              <ExportMenu name={`campaign-${id}-proof`} twin={figures(d)} />
            </div>
            {p.srm_alarm && (
              <div className="note" data-tone="bad" role="alert">
                <IconAlertTriangle size={18} />
                {t('proof.srmAlarm', { p: f.n(p.srm?.p, 4) })}
              </div>
            )}
            <div className="figures">
              <FigureTile
                label={t('proof.treated')}
                value={f.pct(p.treated > 0 ? p.treated_buyers / p.treated : null)}
                sub={t('figure.of', { n: f.n(p.treated_buyers), of: f.n(p.treated) })}
                onOpen={() => ask(t('proof.treatedBought'), 'treated_bought')}
              />
              <FigureTile
                label={t('waterfall.holdout')}
                value={f.pct(p.holdout > 0 ? p.holdout_buyers / p.holdout : null)}
                sub={t('figure.of', { n: f.n(p.holdout_buyers), of: f.n(p.holdout) })}
                onOpen={() => ask(t('proof.holdoutBought'), 'holdout_bought')}
              />
              <FigureTile
                label={t('proof.incrementalMargin')}
                value={p.incremental_margin ? signed(p.incremental_margin.difference) : NONE}
                sub={
                  p.incremental_margin
                    ? t('figure.between', {
                        low: signed(p.incremental_margin.low),
                        high: signed(p.incremental_margin.high),
                      })
                    : undefined
                }
                tone={p.incremental_margin ? (p.incremental_margin.low > 0 ? 'good' : undefined) : undefined}
                onOpen={behind.margin}
              />
              <FigureTile
                label={t('proof.payback')}
                value={p.payback ? f.pct(p.payback.difference, 0) : NONE}
                sub={
                  p.payback
                    ? t('figure.between', { low: f.pct(p.payback.low, 0), high: f.pct(p.payback.high, 0) })
                    : t('proof.noCost')
                }
                onOpen={behind.payback}
              />
              <FigureTile
                label={t('proof.paybackDay')}
                value={d.payback_day ? f.date(d.payback_day) : NONE}
                onOpen={behind.day}
              />
              <FigureTile
                label={t('proof.aov')}
                value={d.baskets.growth ? pp(d.baskets.growth.difference).concat(' %') : NONE}
                sub={
                  d.baskets.growth
                    ? t('figure.between', {
                        low: pp(d.baskets.growth.low).concat(' %'),
                        high: pp(d.baskets.growth.high).concat(' %'),
                      })
                    : t('proof.aovFew', {
                        t: f.n(d.baskets.treated.orders),
                        h: f.n(d.baskets.holdout.orders),
                        enough: d.baskets.enough,
                      })
                }
                onOpen={behind.aov}
              />
            </div>
            <div className="grid" style={{ ['--min' as string]: '380px' }}>
              <Card title={t('proof.conversion')}>
                {p.conversion ? (
                  <Interval {...p.conversion} show={pp} unit={t('effect.points')} floor={0.005} />
                ) : (
                  <p className="dim">{t('campaign.noEffectYet')}</p>
                )}
                {p.conversion_any_time && (
                  <p className="dim small">
                    {t('proof.anyTime', { low: pp(p.conversion_any_time.low), high: pp(p.conversion_any_time.high) })}
                  </p>
                )}
              </Card>
              <Card title={t('proof.revenue')}>
                {p.revenue_cuped || p.revenue ? (
                  <Interval
                    {...(p.revenue_cuped ?? p.revenue ?? { difference: 0, low: 0, high: 0 })}
                    show={signed}
                    unit={t('proof.perPerson')}
                    floor={100}
                  />
                ) : (
                  <p className="dim">{t('campaign.noEffectYet')}</p>
                )}
                {p.revenue_any_time && (
                  <p className="dim small">
                    {t('proof.anyTime', { low: signed(p.revenue_any_time.low), high: signed(p.revenue_any_time.high) })}
                  </p>
                )}
                {p.variance_ratio !== null && (
                  <p className="dim small">{t('proof.cuped', { share: f.pct(1 - p.variance_ratio) })}</p>
                )}
              </Card>
            </div>
            <ChartCard
              title={t('proof.curve')}
              note={
                <>
                  {d.cost_is_entered ? t('proof.curveNote') : t('proof.noCost')}{' '}
                  {p.revenue_cuped &&
                    p.incremental_margin &&
                    d.curve_end_minor !== null &&
                    t('proof.curveAdjusted', {
                      plain: signed(d.curve_end_minor),
                      adjusted: signed(p.incremental_margin.difference),
                    })}
                </>
              }
              name={`campaign-${id}-payback`}
              option={option}
              height={260}
              twin={{
                head: [t('proof.day'), t('proof.marginCurve'), t('proof.cost')],
                rows: d.curve.map((r) => ({
                  key: String(r.day),
                  cells: [r.day, cells.minor(r.margin_minor, d.currency), cells.minor(r.cost_minor, d.currency)],
                })),
              }}
            />
            <div className="two">
              <Card title={t('proof.attributed')}>
                <button type="button" className="link big-n" onClick={behind.attributed} title={t('figure.open')}>
                  {money(d.attributed_minor)}
                </button>
                <p className="dim">
                  {t('proof.attributedText', { count: d.attributed_orders, n: f.n(d.attributed_orders) })}
                </p>
              </Card>
              <Card title={t('proof.split')}>
                <dl className="facts">
                  <dt>{t('proof.planned')}</dt>
                  <dd>{f.pct(d.holdout_share, 0)}</dd>
                  <dt>{t('proof.fact')}</dt>
                  <dd>
                    {f.n(p.holdout)} / {f.n(p.holdout + p.treated)}
                  </dd>
                  <dt>{t('proof.srm')}</dt>
                  <dd>{p.srm ? `p = ${f.n(p.srm.p, 3)}` : NONE}</dd>
                  {d.margin_is_default && (
                    <>
                      <dt>{t('inputs.kind.margin_share')}</dt>
                      <dd className="dim">{t('insight.marginDefault')}</dd>
                    </>
                  )}
                </dl>
              </Card>
            </div>
            <Variants id={id} />
            <Afterwards proof={d} />
            {can(session, 'import') && <Cost id={id} minor={p.cost_minor} />}
            {figure && (
              <FigurePanel
                figure={figure}
                currency={d.currency}
                question={{
                  key: ['campaign-people', id],
                  path: `/api/campaigns/${id}/people`,
                  query: { cell: figure.cell },
                }}
                onOpen={(row) => void navigate({ to: '/people/$id', params: { id: row.id } })}
                onClose={() => setFigure(undefined)}
              />
            )}
            {who && (
              <WhoPanel
                who={who}
                onClose={() => setWho(undefined)}
                onOpen={(row) => void navigate({ to: '/people/$id', params: { id: row.id } })}
              />
            )}
          </div>
        );
      }}
    </Loaded>
  );
}

/** What the campaign cost in full: without it there is no payback to speak of. */
function Cost({ id, minor }: { id: string; minor: number }) {
  const { t } = useTranslation();
  const { currency } = useSession().workspace;
  const money = useMoneyField(currency);
  const scale = majorScale(currency);
  const client = useQueryClient();
  const [value, setValue] = useState<number | string>(minor > 0 ? minor / scale : '');
  const save = useMutation({
    mutationFn: () =>
      api.put('/api/insight/inputs', {
        items: [
          { month: null, kind: `campaign_cost:${id}`, amount: value === '' ? null : Math.round(Number(value) * scale) },
        ],
      }),
    onSuccess: () => {
      done(t('state.saved'));
      void client.invalidateQueries({ queryKey: ['insight'] });
    },
  });
  return (
    <Card title={t('proof.costTitle')}>
      <form
        className="row wrap top"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <NumberInput aria-label={t('proof.costTitle')} min={0} {...money} value={value} onChange={setValue} />
        <Button type="submit" variant="default" loading={save.isPending}>
          {t('do.save')}
        </Button>
        <span className="dim small grow">{t('proof.costText')}</span>
      </form>
    </Card>
  );
}
