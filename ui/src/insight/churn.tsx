import { Button } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '~/api/client';
import { Bars, type Tone } from '~/design/bars';
import { useCells } from '~/design/cells';
import { ChartCard, ExportMenu } from '~/design/chart';
import type { Palette } from '~/design/echart';
import { NONE, useFormat } from '~/design/format';
import { Card } from '~/design/page';
import { BoneFigures, Loaded } from '~/design/state';
import { useWord } from '~/i18n/word';
import { Figures, useOpener } from './figures';
import type { ChurnBoard } from './types';

const TONE: Record<string, Tone> = { controllable: 'bad', natural: 'dim', other: 'info' };

export function ChurnPart() {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const cells = useCells();
  const opener = useOpener();
  const query = useQuery({
    queryKey: ['insight', 'churn'],
    queryFn: ({ signal }) => api.get<ChurnBoard>('/api/insight/churn', undefined, signal),
  });
  const trend = query.data?.trend;
  const option = useMemo(() => {
    const rows = trend ?? [];
    // A month under way is a fainter bar, not a fall.
    const faint = (r: ChurnBoard['trend'][number], value: number | null) =>
      r.partial ? { value, itemStyle: { opacity: 0.4 } } : { value };
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
          data: rows.map((r) => faint(r, r.rate === null ? null : r.lapsed)),
          itemStyle: { color: p.bad, borderRadius: [3, 3, 0, 0] },
          barMaxWidth: 18,
        },
        {
          type: 'bar',
          name: t('churn.returned'),
          data: rows.map((r) => faint(r, r.returned)),
          itemStyle: { color: p.good, borderRadius: [3, 3, 0, 0] },
          barMaxWidth: 18,
        },
        {
          type: 'line',
          name: t('churn.rate'),
          yAxisIndex: 1,
          data: rows.map((r) => (r.partial ? null : r.rate)),
          symbolSize: 5,
          itemStyle: { color: p.accent },
          tooltip: { valueFormatter: (v: number | null) => (typeof v === 'number' ? f.pct(v) : NONE) },
        },
      ],
    });
  }, [trend, f, t]);
  return (
    <Loaded query={query} skeleton={<BoneFigures count={6} />}>
      {(b) => {
        const known = b.reasons.controllable + b.reasons.natural + b.reasons.other + b.reasons.unknown;
        return (
          <div className="col loose">
            {b.alerts.map((a) => (
              <div key={a.code + a.month} className="note" data-tone="bad" role="alert">
                <IconAlertTriangle size={18} />
                <span className="grow">
                  {word(`alert.${a.code}`, {
                    month: /^\d{4}-\d{2}$/.test(a.month) ? f.month(a.month) : f.date(a.month),
                    rate: a.low === null ? f.n(a.rate) : f.pct(a.rate),
                    usual: a.low === null ? f.n(a.usual) : f.pct(a.usual),
                  })}{' '}
                  <span className="dim">{t('figure.of', { n: f.n(a.some), of: f.n(a.all) })}</span>
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
                  <div className="row tight">
                    <Button size="compact-sm" variant="default" onClick={() => opener.ask(t('churn.queue'), b.queue)}>
                      {t('churn.queue')}
                    </Button>
                    <ExportMenu
                      name="churn-signals"
                      twin={{
                        head: [t('churn.signal'), t('base.ageSeries'), t('insight.atRisk'), t('churn.action')],
                        rows: b.signals.map((s) => ({
                          key: s.signal,
                          cells: [
                            word(`signalName.${s.signal}`),
                            s.customers,
                            cells.money(s.value_at_risk),
                            word(`action.${s.action}`),
                          ],
                        })),
                      }}
                    />
                  </div>
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
              <ChartCard
                title={t('churn.reasons')}
                note={t('churn.reasonsNote')}
                name="churn-reasons"
                drawing={
                  <Bars
                    unit="none"
                    max={Math.max(1, known)}
                    bars={[
                      ...b.reasons.items.map((r) => ({
                        key: r.reason,
                        label: r.name || word(`reason.${r.reason}`),
                        value: r.customers,
                        tone: TONE[r.kind],
                        hint: word(`action.${r.action}`),
                        onOpen: () => opener.ask(r.name || word(`reason.${r.reason}`), r.list),
                      })),
                      {
                        key: 'unknown',
                        label: t('churn.unknown'),
                        value: b.reasons.unknown,
                        tone: 'warn',
                        onOpen: () => opener.ask(t('churn.unknown'), 'figure=reason&value=unknown'),
                      },
                    ]}
                  />
                }
                twin={{
                  head: [
                    t('churn.reason'),
                    t('churn.reasonKind'),
                    t('base.ageSeries'),
                    t('people.col.revenue'),
                    t('churn.action'),
                  ],
                  rows: [
                    ...b.reasons.items.map((r) => ({
                      key: r.reason,
                      cells: [
                        r.name || word(`reason.${r.reason}`),
                        word(`churn.${r.kind}`),
                        r.customers,
                        cells.money(r.revenue),
                        word(`action.${r.action}`),
                      ],
                      onWho: () => opener.ask(r.name || word(`reason.${r.reason}`), r.list),
                    })),
                    {
                      key: 'unknown',
                      cells: [t('churn.unknown'), '', b.reasons.unknown, '', word('action.ask_why')],
                      onWho: () => opener.ask(t('churn.unknown'), 'figure=reason&value=unknown'),
                    },
                  ],
                }}
              />
            </div>
            <ChartCard
              title={t('churn.trend')}
              note={t('churn.trendNote', {
                days: f.n(b.threshold.days),
                since: f.date(b.threshold.since),
                first: b.threshold.first_lapse ? f.date(b.threshold.first_lapse) : NONE,
              })}
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
                  cells: [
                    r.partial ? t('churn.partial', { month: f.month(r.month) }) : cells.month(r.month),
                    r.active_at_start,
                    r.rate === null ? '' : r.lapsed,
                    r.returned,
                    r.new,
                    cells.pct(r.rate),
                  ],
                  onWho: () => opener.ask(`${t('churn.lapsed')}: ${f.month(r.month)}`, r.list),
                })),
              }}
            />
            {b.moves.length > 0 && (
              <ChartCard
                title={t('churn.moves')}
                name="stage-moves"
                drawing={<Moves moves={b.moves} ask={opener.ask} />}
                twin={{
                  head: [t('churn.from'), t('churn.to'), t('churn.reason'), t('churn.count')],
                  rows: b.moves.map((m) => ({
                    key: m.from + m.to + m.cause,
                    cells: [word(`stage.${m.from}`), word(`stage.${m.to}`), word(`churn.cause.${m.cause}`), m.moves],
                    onWho: () => opener.ask(`${word(`stage.${m.from}`)} → ${word(`stage.${m.to}`)}`, m.list),
                  })),
                }}
              />
            )}
            {opener.panels}
          </div>
        );
      }}
    </Loaded>
  );
}

const BY_CUSTOMERS = ['purchase', 'silence'];

/** Steps that customers took, and apart from them those that nobody took: these are neither won nor lost. */
function Moves({ moves, ask }: { moves: ChurnBoard['moves']; ask: (title: string, list: string) => void }) {
  const { t } = useTranslation();
  const word = useWord();
  const own = moves.filter((m) => BY_CUSTOMERS.includes(m.cause));
  const others = moves.filter((m) => !BY_CUSTOMERS.includes(m.cause));
  const label = (m: ChurnBoard['moves'][number]) => `${word(`stage.${m.from}`)} → ${word(`stage.${m.to}`)}`;
  return (
    <div className="col">
      {own.length > 0 && (
        <>
          <h3>{t('churn.byCustomers')}</h3>
          <Bars
            unit="none"
            bars={own.map((m) => ({
              key: m.from + m.to + m.cause,
              label: label(m),
              value: m.moves,
              tone: m.cause === 'purchase' ? 'good' : 'bad',
              onOpen: () => ask(label(m), m.list),
            }))}
          />
        </>
      )}
      {others.length > 0 && (
        <>
          <h3>{t('churn.notByCustomers')}</h3>
          <Bars
            unit="none"
            bars={others.map((m) => ({
              key: m.from + m.to + m.cause,
              label: `${label(m)} (${word(`churn.cause.${m.cause}`)})`,
              value: m.moves,
              tone: 'dim',
              onOpen: () => ask(label(m), m.list),
            }))}
          />
          <p className="dim small">{t('churn.notByCustomersNote')}</p>
        </>
      )}
    </div>
  );
}
