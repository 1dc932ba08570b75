import { Button } from '@mantine/core';
import { IconPrinter } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '~/api/client';
import { useCells } from '~/design/cells';
import { ChartCard } from '~/design/chart';
import type { Palette } from '~/design/echart';
import { useFormat } from '~/design/format';
import { BoneFigures, Loaded } from '~/design/state';
import { useWord } from '~/i18n/word';
import { Figures, useOpener } from './figures';
import { Inputs } from './inputs';
import type { BaseValue } from './types';
import { ValueSheet } from './value-print';

/** What the base is worth: what customers brought and what the next twelve months are expected to bring. */
export function ValuePart() {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const cells = useCells();
  const opener = useOpener();
  const query = useQuery({
    queryKey: ['insight', 'value'],
    queryFn: ({ signal }) => api.get<BaseValue>('/api/insight/value', undefined, signal),
  });
  const stages = query.data?.stages;
  const option = useMemo(() => {
    const rows = (stages ?? []).filter((s) => s.stage !== 'none');
    const scale = 100;
    const series = (name: string, key: 'realised' | 'expected' | 'value_at_risk', color: string) => ({
      type: 'bar',
      name,
      itemStyle: { color, borderRadius: [3, 3, 0, 0] },
      barMaxWidth: 34,
      data: rows.map((r) => (r[key] ? r[key].minor / scale : null)),
    });
    return (p: Palette) => ({
      grid: { left: 8, right: 12, top: 34, bottom: 4, containLabel: true },
      legend: { top: 0, left: 0, textStyle: { color: p.dim }, itemWidth: 12, itemHeight: 12 },
      tooltip: { trigger: 'axis', valueFormatter: (v: number) => f.n(v) },
      xAxis: {
        type: 'category',
        data: rows.map((r) => t(`stage.${r.stage}`)),
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
        series(t('insight.realised'), 'realised', p.accent2),
        series(t('insight.expected'), 'expected', p.accent),
        series(t('insight.atRisk'), 'value_at_risk', p.bad),
      ],
    });
  }, [stages, f, t]);
  return (
    <Loaded query={query} skeleton={<BoneFigures count={5} />}>
      {(v) => (
        <div className="col loose">
          <div className="row">
            <span className="grow" />
            <Button variant="default" leftSection={<IconPrinter size={16} />} onClick={() => window.print()}>
              {t('insight.print.button')}
            </Button>
          </div>
          {v.margin_is_default && <div className="note">{t('insight.marginDefault')}</div>}
          {!v.model && (
            <div className="note" data-tone="warn">
              {t('insight.noModel')}
            </div>
          )}
          <Figures figures={v.figures} onOpen={opener.show} />
          <ChartCard
            title={t('insight.byStage')}
            note={t('insight.asOf', { day: f.date(v.as_of), model: v.model ? word(`models.kind.${v.model}`) : '–' })}
            name="base-value"
            option={option}
            height={270}
            twin={{
              head: [
                t('people.col.stage'),
                t('base.ageSeries'),
                t('insight.realised'),
                t('insight.expected'),
                t('insight.atRisk'),
              ],
              rows: v.stages.map((s) => ({
                key: s.stage,
                cells: [
                  t(`stage.${s.stage}`),
                  s.customers,
                  cells.money(s.realised),
                  s.expected ? cells.money(s.expected) : '',
                  s.value_at_risk ? cells.money(s.value_at_risk) : '',
                ],
                onWho: () => opener.ask(t(`stage.${s.stage}`), s.list),
              })),
            }}
            onPoint={(point) => {
              const stage = v.stages.filter((s) => s.stage !== 'none')[point.dataIndex ?? -1];
              if (stage) opener.ask(t(`stage.${stage.stage}`), stage.list);
            }}
          />
          <Inputs />
          {opener.panels}
          <ValueSheet value={v} />
        </div>
      )}
    </Loaded>
  );
}
