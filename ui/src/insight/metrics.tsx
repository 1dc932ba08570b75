import { TextInput } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '~/api/client';
import { useCells } from '~/design/cells';
import { ChartCard } from '~/design/chart';
import type { Palette } from '~/design/echart';
import { useFormat } from '~/design/format';
import { BoneFigures, Loaded } from '~/design/state';
import { useWord } from '~/i18n/word';
import { Figures, useOpener } from './figures';
import type { Metrics } from './types';

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
      data: rows.map((r) => r[key].minor / 100),
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
      ],
    });
  }, [months, f, t]);
  return (
    <Loaded query={query} skeleton={<BoneFigures count={12} />}>
      {(m) => (
        <div className="col loose">
          <div className="row wrap">
            <TextInput
              type="date"
              label={t('metrics.from')}
              value={from || m.from}
              onChange={(e) => setFrom(e.target.value)}
            />
            <TextInput type="date" label={t('metrics.to')} value={to || m.to} onChange={(e) => setTo(e.target.value)} />
          </div>
          {m.remarks.map((r) => (
            <div key={r.code} className="note" data-tone={r.code === 'cac_above_ltv' ? 'bad' : undefined}>
              {word(`remark.${r.code}`)}
            </div>
          ))}
          <Figures figures={m.figures} onOpen={opener.show} />
          <ChartCard
            title={t('metrics.revenue')}
            name="revenue"
            option={option}
            height={260}
            twin={{
              head: [
                t('base.month'),
                t('people.col.orders'),
                t('metrics.buyers'),
                t('metrics.existing'),
                t('metrics.new'),
                'CRR',
                t('churn.rate'),
                'ARPU',
                'AOV',
              ],
              rows: m.months.map((r) => ({
                key: r.month,
                cells: [
                  f.month(r.month),
                  r.orders,
                  r.buyers,
                  cells.money(r.revenue_existing),
                  cells.money(r.revenue_new),
                  cells.pct(r.crr),
                  cells.pct(r.churn),
                  cells.minor(r.arpu_minor, r.revenue.currency),
                  cells.minor(r.aov_minor, r.revenue.currency),
                ],
              })),
            }}
          />
          {opener.panels}
        </div>
      )}
    </Loaded>
  );
}
