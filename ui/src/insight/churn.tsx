import { Button } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '~/api/client';
import { Bars } from '~/design/bars';
import { ChartCard } from '~/design/chart';
import type { Palette } from '~/design/echart';
import { useFormat } from '~/design/format';
import { Card } from '~/design/page';
import { BoneFigures, Loaded } from '~/design/state';
import { useWord } from '~/i18n/word';
import { Figures, useOpener } from './figures';
import type { ChurnBoard } from './types';

export function ChurnPart() {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const opener = useOpener();
  const query = useQuery({
    queryKey: ['insight', 'churn'],
    queryFn: ({ signal }) => api.get<ChurnBoard>('/api/insight/churn', undefined, signal),
  });
  const trend = query.data?.trend;
  const option = useMemo(() => {
    const rows = trend ?? [];
    return (p: Palette) => ({
      grid: { left: 8, right: 8, top: 34, bottom: 4, containLabel: true },
      legend: { top: 0, left: 0, textStyle: { color: p.dim }, itemWidth: 12, itemHeight: 12 },
      tooltip: { trigger: 'axis' },
      xAxis: {
        type: 'category',
        data: rows.map((r) => r.month),
        axisLabel: { color: p.dim, formatter: (m: string) => f.month(m) },
        axisLine: { lineStyle: { color: p.line } },
        axisTick: { show: false },
      },
      yAxis: [
        { type: 'value', axisLabel: { color: p.dim }, splitLine: { lineStyle: { color: p.line } } },
        {
          type: 'value',
          axisLabel: { color: p.dim, formatter: (v: number) => f.pct(v, 0) },
          splitLine: { show: false },
        },
      ],
      series: [
        {
          type: 'bar',
          name: t('churn.lapsed'),
          data: rows.map((r) => r.lapsed),
          itemStyle: { color: p.bad, borderRadius: [3, 3, 0, 0] },
          barMaxWidth: 18,
        },
        {
          type: 'bar',
          name: t('churn.returned'),
          data: rows.map((r) => r.returned),
          itemStyle: { color: p.good, borderRadius: [3, 3, 0, 0] },
          barMaxWidth: 18,
        },
        {
          type: 'line',
          name: t('churn.rate'),
          yAxisIndex: 1,
          data: rows.map((r) => r.rate),
          symbolSize: 5,
          itemStyle: { color: p.accent },
          tooltip: { valueFormatter: (v: number) => f.pct(v) },
        },
      ],
    });
  }, [trend, f, t]);
  return (
    <Loaded query={query} skeleton={<BoneFigures count={6} />}>
      {(b) => {
        const known = b.reasons.controllable + b.reasons.natural + b.reasons.unknown;
        return (
          <div className="col loose">
            {b.alerts.map((a) => (
              <div key={a.code + a.month} className="note" data-tone="bad" role="alert">
                <IconAlertTriangle size={18} />
                <span className="grow">
                  {word(`alert.${a.code}`, {
                    month: f.month(a.month),
                    rate: f.pct(a.rate),
                    usual: f.pct(a.usual),
                  })}
                </span>
                <button
                  type="button"
                  className="link"
                  onClick={() => opener.ask(word(`alert.${a.code}_short`), a.list)}
                >
                  {t('chart.who')}
                </button>
              </div>
            ))}
            <Figures figures={b.figures} onOpen={opener.show} />
            <div className="two">
              <Card
                title={t('churn.signals')}
                aside={
                  <Button size="compact-sm" variant="default" onClick={() => opener.ask(t('churn.queue'), b.queue)}>
                    {t('churn.queue')}
                  </Button>
                }
              >
                <table className="plain-table">
                  <thead>
                    <tr>
                      <th>{t('churn.signal')}</th>
                      <th className="n">{t('base.ageSeries')}</th>
                      <th className="n">{t('insight.atRisk')}</th>
                    </tr>
                  </thead>
                  <tbody>
                    {b.signals.map((s) => (
                      <tr key={s.signal}>
                        <td>
                          <div>{word(`signalName.${s.signal}`)}</div>
                          <div className="dim small">{word(`action.${s.action}`)}</div>
                        </td>
                        <td className="n">
                          <button
                            type="button"
                            className="link num"
                            onClick={() => opener.ask(word(`signalName.${s.signal}`), s.list)}
                          >
                            {f.n(s.customers)}
                          </button>
                        </td>
                        <td className="n">{f.money(s.value_at_risk.minor, s.value_at_risk.currency)}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </Card>
              <Card title={t('churn.reasons')}>
                <div className="col">
                  <Bars
                    max={Math.max(1, known)}
                    bars={[
                      { key: 'c', label: t('churn.controllable'), value: b.reasons.controllable, tone: 'bad' },
                      { key: 'n', label: t('churn.natural'), value: b.reasons.natural, tone: 'dim' },
                      { key: 'u', label: t('churn.unknown'), value: b.reasons.unknown, tone: 'warn' },
                    ]}
                  />
                  <p className="dim small">{t('churn.reasonsNote')}</p>
                  {b.moves.length > 0 && (
                    <>
                      <h3>{t('churn.moves')}</h3>
                      <ul className="contacts small">
                        {b.moves.slice(0, 8).map((m) => (
                          <li key={m.from + m.to}>
                            <span className="grow">
                              {word(`stage.${m.from}`)} → {word(`stage.${m.to}`)}
                            </span>
                            <b className="num">{f.n(m.moves)}</b>
                          </li>
                        ))}
                      </ul>
                    </>
                  )}
                </div>
              </Card>
            </div>
            <ChartCard
              title={t('churn.trend')}
              name="churn"
              option={option}
              height={270}
              onPoint={(point) => {
                const row = b.trend[point.dataIndex ?? -1];
                if (row) opener.ask(`${t('churn.lapsed')}: ${f.month(row.month)}`, row.list);
              }}
              twin={{
                head: [
                  t('base.month'),
                  t('churn.active'),
                  t('churn.lapsed'),
                  t('churn.returned'),
                  t('churn.new'),
                  t('churn.rate'),
                ],
                rows: b.trend.map((r) => ({
                  key: r.month,
                  cells: [f.month(r.month), r.active_at_start, r.lapsed, r.returned, r.new, f.pct(r.rate)],
                  onWho: () => opener.ask(`${t('churn.lapsed')}: ${f.month(r.month)}`, r.list),
                })),
              }}
            />
            {opener.panels}
          </div>
        );
      }}
    </Loaded>
  );
}
