import { Select, TextInput } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '~/api/client';
import type { Shapes } from '~/api/types';
import { segmentsQuery } from '~/audience/api';
import { useCells } from '~/design/cells';
import { ChartCard, ExportMenu } from '~/design/chart';
import type { Palette } from '~/design/echart';
import { NONE, useFormat } from '~/design/format';
import { Card } from '~/design/page';
import { BoneFigures, ErrorNote, Loaded } from '~/design/state';
import { useWord } from '~/i18n/word';
import { Figures, useOpener } from './figures';
import type { Metrics } from './types';

type MetricMonth = Metrics['months'][number];

export function MetricsPart() {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const cells = useCells();
  const opener = useOpener();
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const query = useQuery({
    queryKey: ['insight', 'metrics', from, to],
    queryFn: ({ signal }) => api.get<Metrics>('/api/insight/metrics', { from, to }, signal),
    placeholderData: keepPreviousData,
  });
  const months = query.data?.months;
  const option = useMemo(() => {
    const rows = months ?? [];
    const series = (name: string, key: 'revenue_new' | 'revenue_existing', color: string) => ({
      type: 'bar',
      stack: 'revenue',
      name,
      data: rows.map((r) => ({ value: r[key].minor / 100, itemStyle: { opacity: r.partial ? 0.45 : 1 } })),
      itemStyle: { color },
      barMaxWidth: 26,
    });
    return (p: Palette) => ({
      grid: { left: 8, right: 12, top: 34, bottom: 4, containLabel: true },
      legend: { top: 0, left: 0, textStyle: { color: p.dim }, itemWidth: 12, itemHeight: 12 },
      tooltip: { trigger: 'axis', valueFormatter: (v: number) => f.n(v) },
      xAxis: {
        type: 'category',
        data: rows.map((r) => r.month),
        axisLabel: { color: p.dim, formatter: (m: string) => f.month(m) },
        axisLine: { lineStyle: { color: p.line } },
        axisTick: { show: false },
      },
      yAxis: {
        type: 'value',
        axisLabel: { color: p.dim, formatter: (v: number) => f.n(v) },
        splitLine: { lineStyle: { color: p.line } },
      },
      series: [
        series(t('metrics.existing'), 'revenue_existing', p.accent),
        series(t('metrics.new'), 'revenue_new', p.accent2),
        ...(rows.some((r) => r.advertising)
          ? [
              {
                type: 'line',
                name: t('metrics.advertising'),
                data: rows.map((r) => (r.advertising ? r.advertising.minor / 100 : null)),
                symbolSize: 5,
                itemStyle: { color: p.warn },
              },
            ]
          : []),
      ],
    });
  }, [months, f, t]);
  const lines = useMemo(() => {
    const rows = months ?? [];
    return (names: [string, (r: MetricMonth) => number | null][], show: (v: number) => string) => (p: Palette) => ({
      grid: { left: 8, right: 12, top: 34, bottom: 4, containLabel: true },
      legend: { top: 0, left: 0, textStyle: { color: p.dim }, itemWidth: 16 },
      tooltip: { trigger: 'axis', valueFormatter: (v: number | null) => (typeof v === 'number' ? show(v) : NONE) },
      xAxis: {
        type: 'category',
        data: rows.map((r) => r.month),
        axisLabel: { color: p.dim, formatter: (m: string) => f.month(m) },
        axisLine: { lineStyle: { color: p.line } },
        axisTick: { show: false },
      },
      yAxis: {
        type: 'value',
        axisLabel: { color: p.dim, formatter: show },
        splitLine: { lineStyle: { color: p.line } },
      },
      series: names.map(([name, value], i) => ({
        type: 'line',
        name,
        // A month under way would draw a fall that is none.
        data: rows.map((r) => (r.partial ? null : value(r))),
        symbolSize: 6,
        itemStyle: { color: [p.accent, p.warn, p.good, p.bad][i] },
      })),
    });
  }, [months, f]);
  const crr = useMemo(
    () =>
      lines(
        [
          ['CRR', (r) => r.crr],
          [t('churn.rate'), (r) => r.churn],
        ],
        (v) => f.pct(v, 0),
      ),
    [lines, f, t],
  );
  const [segment, setSegment] = useState<string | null>(null);
  const segments = useQuery(segmentsQuery);
  const group = useQuery({
    queryKey: ['segment-arpu', segment],
    enabled: segment !== null,
    queryFn: ({ signal }) => api.get<Shapes['SegmentMonths']>(`/api/segments/${segment}/arpu`, undefined, signal),
  });
  const chosen = segments.data?.items.find((s) => s.id === segment);
  const ofSegment = useMemo(
    () => new Map((segment ? group.data?.months : undefined)?.map((m) => [m.month, m.arpu_minor ?? null])),
    [segment, group.data],
  );
  const arpu = useMemo(() => {
    const major = (minor: number | null | undefined) => (minor === null || minor === undefined ? null : minor / 100);
    return lines(
      [
        ...(chosen
          ? [
              [chosen.name, (r: MetricMonth) => major(ofSegment.get(r.month))] as [
                string,
                (r: MetricMonth) => number | null,
              ],
            ]
          : []),
        [t('metrics.arpuAll'), (r) => major(r.arpu_minor)],
        [t('metrics.arpuFirst'), (r) => major(r.first_purchase_minor)],
        [t('metrics.arpuLater'), (r) => major(r.later_purchases_minor)],
      ],
      (v) => f.n(v),
    );
  }, [lines, f, t, chosen, ofSegment]);
  /** Who stands behind a month of a chart. */
  const whoOf = (r: MetricMonth | undefined, list: 'buyers_list' | 'churned_list', title: string) =>
    r?.[list] ? () => opener.ask(`${title}: ${f.month(r.month)}`, r[list]) : undefined;
  const onMonth = (list: 'buyers_list' | 'churned_list', title: string) => (point: { dataIndex?: number }) =>
    whoOf(months?.[point.dataIndex ?? -1], list, title)?.();
  return (
    <div className="col loose">
      {/* Outside of what is loaded: a period that the server refuses must stay to be corrected. */}
      <div className="row wrap">
        <TextInput
          type="date"
          label={t('metrics.from')}
          value={from || query.data?.from || ''}
          onChange={(e) => setFrom(e.target.value)}
        />
        <TextInput
          type="date"
          label={t('metrics.to')}
          value={to || query.data?.to || ''}
          onChange={(e) => setTo(e.target.value)}
        />
      </div>
      {query.error && query.data !== undefined && <ErrorNote error={query.error} />}
      <Loaded query={query} skeleton={<BoneFigures count={12} />}>
        {(m) => (
          <div className="col loose">
            {m.remarks.map((r) => (
              <div
                key={r.code + (r.channel ?? '')}
                className="note"
                data-tone={r.code.startsWith('cac_above_ltv') ? 'bad' : undefined}
              >
                {word(`remark.${r.code}`, { channel: r.channel ?? '' })}
              </div>
            ))}
            <Figures figures={m.figures} onOpen={opener.show} />
            <ChartCard
              title={t('metrics.revenue')}
              name="revenue"
              option={option}
              height={260}
              onPoint={onMonth('buyers_list', t('metrics.buyers'))}
              twin={{
                head: [
                  t('base.month'),
                  t('people.col.orders'),
                  t('metrics.buyers'),
                  t('metrics.existing'),
                  t('metrics.new'),
                  t('metrics.advertising'),
                  'CRR',
                  t('churn.rate'),
                  'ARPU',
                  'AOV',
                ],
                rows: m.months.map((r) => ({
                  key: r.month,
                  cells: [
                    cells.month(r.month),
                    r.orders,
                    r.buyers,
                    cells.money(r.revenue_existing),
                    cells.money(r.revenue_new),
                    r.advertising ? cells.money(r.advertising) : '',
                    cells.pct(r.crr),
                    cells.pct(r.churn),
                    cells.minor(r.arpu_minor, r.revenue.currency),
                    cells.minor(r.aov_minor, r.revenue.currency),
                  ],
                  onWho: whoOf(r, 'buyers_list', t('metrics.buyers')),
                })),
              }}
            />
            <div className="two">
              <ChartCard
                title={t('metrics.crr')}
                note={t('metrics.arpuNote')}
                name="crr"
                option={crr}
                height={240}
                onPoint={onMonth('churned_list', t('churn.lapsed'))}
                twin={{
                  head: [t('base.month'), 'CRR', t('churn.rate')],
                  rows: m.months.map((r) => ({
                    key: r.month,
                    cells: [cells.month(r.month), cells.pct(r.crr), cells.pct(r.churn)],
                    onWho: whoOf(r, 'churned_list', t('churn.lapsed')),
                  })),
                }}
              />
              <ChartCard
                title={t('metrics.arpu')}
                note={t('metrics.arpuNote')}
                name="arpu"
                aside={
                  <Select
                    size="xs"
                    w={190}
                    clearable
                    aria-label={t('segment.one')}
                    placeholder={t('segment.one')}
                    data={(segments.data?.items ?? []).map((s) => ({ value: s.id, label: s.name }))}
                    value={segment}
                    onChange={setSegment}
                  />
                }
                option={arpu}
                height={240}
                onPoint={onMonth('buyers_list', t('metrics.buyers'))}
                twin={{
                  head: [
                    t('base.month'),
                    t('metrics.arpuAll'),
                    t('metrics.arpuFirst'),
                    t('metrics.arpuLater'),
                    ...(chosen ? [chosen.name] : []),
                  ],
                  rows: m.months.map((r) => ({
                    key: r.month,
                    cells: [
                      cells.month(r.month),
                      cells.minor(r.arpu_minor, r.revenue.currency),
                      cells.minor(r.first_purchase_minor, r.revenue.currency),
                      cells.minor(r.later_purchases_minor, r.revenue.currency),
                      ...(chosen ? [cells.minor(ofSegment.get(r.month) ?? null, r.revenue.currency)] : []),
                    ],
                    onWho: whoOf(r, 'buyers_list', t('metrics.buyers')),
                  })),
                }}
              />
            </div>
            {m.channels.length > 0 && <Channels channels={m.channels} />}
            {opener.panels}
          </div>
        )}
      </Loaded>
    </div>
  );
}

/** What a customer and a lead of each channel cost. */
function Channels({ channels }: { channels: Metrics['channels'] }) {
  const { t } = useTranslation();
  const f = useFormat();
  const cells = useCells();
  const head = [
    t('metrics.channel'),
    t('metrics.spend'),
    t('metrics.newCustomers'),
    'CAC',
    'LTV ÷ CAC',
    t('metrics.advertising'),
    t('metrics.leads'),
    'CPL',
  ];
  const twin = {
    head,
    rows: channels.map((c) => ({
      key: c.channel,
      cells: [
        c.channel,
        cells.money(c.acquisition),
        cells.n(c.new_customers),
        cells.money(c.cac),
        cells.n(c.ltv_to_cac, 2),
        cells.money(c.advertising),
        cells.n(c.leads),
        cells.money(c.cpl),
      ],
    })),
  };
  const money = (m: Metrics['channels'][number]['cac']) => (m ? f.money(m.minor, m.currency) : NONE);
  const number = (n: number | null, digits = 0) => (n === null ? NONE : f.n(n, digits));
  return (
    <Card title={t('metrics.channels')} aside={<ExportMenu name="channels" twin={twin} />}>
      <div className="scroll-x">
        <table className="plain-table">
          <thead>
            <tr>
              {head.map((h, i) => (
                <th key={h} className={i > 0 ? 'n' : undefined}>
                  {h}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {channels.map((c) => (
              <tr key={c.channel}>
                <td>{c.channel}</td>
                <td className="n">{money(c.acquisition)}</td>
                <td className="n">{number(c.new_customers)}</td>
                <td className="n">{money(c.cac)}</td>
                <td className={`n${c.ltv_to_cac !== null && c.ltv_to_cac < 1 ? ' bad' : ''}`}>
                  {number(c.ltv_to_cac, 2)}
                </td>
                <td className="n">{money(c.advertising)}</td>
                <td className="n">{number(c.leads)}</td>
                <td className="n">{money(c.cpl)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="dim small">{t('metrics.channelsNote')}</p>
    </Card>
  );
}
