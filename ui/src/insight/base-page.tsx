import { Button } from '@mantine/core';
import { IconArrowRight, IconDatabaseHeart } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '~/api/client';
import type { Stage } from '~/api/types';
import { Bars, type Tone } from '~/design/bars';
import { useCells } from '~/design/cells';
import { ChartCard, ExportMenu } from '~/design/chart';
import type { Palette } from '~/design/echart';
import type { Figure } from '~/design/figure';
import { useFormat } from '~/design/format';
import { Card, Page } from '~/design/page';
import { Bone, BoneFigures, Empty, Loaded } from '~/design/state';
import { useWord } from '~/i18n/word';
import { PlanBlock } from '~/improve/plan';
import { Figures, useOpener } from './figures';

interface BaseHealth {
  figures: Figure[];
  stages: { stage: Stage; count: number }[];
  channels: { channel: string; reachable: number; consent?: number; [key: string]: unknown }[];
  age: { month: string; customers: number }[];
  left_out: Record<(typeof LEFT_OUT)[number], number>;
}

/** Reasons for which orders are not purchases, or not in sums. */
const LEFT_OUT = ['cancelled', 'negative', 'later', 'foreign_currency', 'guests'] as const;

const STAGES: Record<Stage, Tone> = {
  new: 'info',
  developing: 'good',
  at_risk: 'warn',
  lapsed: 'bad',
  returned: 'accent',
  none: 'dim',
};

export function BasePage() {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const cells = useCells();
  const opener = useOpener();
  const health = useQuery({
    queryKey: ['base-health'],
    queryFn: ({ signal }) => api.get<BaseHealth>('/api/base-health', undefined, signal),
  });
  const ask = (title: string, name: string, value: string) => opener.ask(title, `figure=${name}&value=${value}`);
  const age = health.data?.age;
  const option = useMemo(() => {
    const rows = age ?? [];
    return (p: Palette) => ({
      grid: { left: 8, right: 26, top: 14, bottom: 4, containLabel: true },
      tooltip: { trigger: 'axis' },
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
        {
          type: 'bar',
          name: t('base.ageSeries'),
          data: rows.map((r) => r.customers),
          itemStyle: { color: p.accent, borderRadius: [3, 3, 0, 0] },
          barMaxWidth: 26,
        },
      ],
    });
  }, [age, f, t]);

  return (
    <Page title={t('base.title')} lead={t('base.lead')}>
      <PlanBlock />
      <Loaded
        query={health}
        skeleton={
          <div className="col">
            <BoneFigures count={6} />
            <Bone h={260} r={10} />
          </div>
        }
      >
        {(h) => {
          const total = h.stages.reduce((sum, s) => sum + s.count, 0);
          if (total === 0 && !h.figures.find((x) => x.id === 'customers')?.value)
            return (
              <Card>
                <Empty
                  icon={<IconDatabaseHeart size={22} />}
                  title={t('base.empty')}
                  action={
                    <Button component={Link} to="/import" rightSection={<IconArrowRight size={16} />}>
                      {t('people.toImport')}
                    </Button>
                  }
                >
                  {t('base.emptyText')}
                </Empty>
              </Card>
            );
          return (
            <>
              <Figures figures={h.figures} onOpen={opener.show} />
              <div className="two">
                <ChartCard
                  title={t('base.stages')}
                  name="stages"
                  drawing={
                    <Bars
                      max={total}
                      bars={h.stages.map((s) => ({
                        key: s.stage,
                        label: t(`stage.${s.stage}`),
                        value: s.count,
                        tone: STAGES[s.stage],
                        hint: word(`stageHint.${s.stage}`),
                        onOpen: () => ask(t(`stage.${s.stage}`), 'stage', s.stage),
                      }))}
                    />
                  }
                  twin={{
                    head: [t('people.col.stage'), t('base.ageSeries'), t('waterfall.share')],
                    rows: h.stages.map((s) => ({
                      key: s.stage,
                      cells: [t(`stage.${s.stage}`), s.count, cells.pct(total > 0 ? s.count / total : null)],
                      onWho: () => ask(t(`stage.${s.stage}`), 'stage', s.stage),
                    })),
                  }}
                />
                <Card
                  title={t('base.channels')}
                  aside={
                    <ExportMenu
                      name="channels"
                      twin={{
                        head: [t('base.channel'), t('base.reachable'), t('base.lawful')],
                        rows: h.channels.map((c) => ({
                          key: c.channel,
                          cells: [word(`channel.${c.channel}`), c.reachable, c.consent ?? ''],
                        })),
                      }}
                    />
                  }
                >
                  <table className="plain-table">
                    <thead>
                      <tr>
                        <th>{t('base.channel')}</th>
                        <th className="n">{t('base.reachable')}</th>
                        <th className="n">{t('base.lawful')}</th>
                      </tr>
                    </thead>
                    <tbody>
                      {h.channels.map((c) => (
                        <tr key={c.channel}>
                          <td>{word(`channel.${c.channel}`)}</td>
                          <td className="n">
                            <button
                              type="button"
                              className="link num"
                              onClick={() =>
                                ask(`${word(`channel.${c.channel}`)}: ${t('base.reachable')}`, 'reachable', c.channel)
                              }
                            >
                              {f.n(c.reachable)}
                            </button>{' '}
                            <span className="dim small">{total > 0 ? f.pct(c.reachable / total) : ''}</span>
                          </td>
                          <td className="n">
                            {typeof c.consent === 'number' ? (
                              <>
                                <button
                                  type="button"
                                  className="link num"
                                  onClick={() =>
                                    ask(`${word(`channel.${c.channel}`)}: ${t('base.lawful')}`, 'consent', c.channel)
                                  }
                                >
                                  {f.n(c.consent)}
                                </button>{' '}
                                <span className="dim small">{total > 0 ? f.pct(c.consent / total) : ''}</span>
                              </>
                            ) : (
                              '–'
                            )}
                          </td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                  <p className="dim small" style={{ marginTop: 8 }}>
                    {t('base.lawfulNote')}
                  </p>
                </Card>
              </div>
              {LEFT_OUT.some((name) => h.left_out[name] > 0) && (
                <Card title={t('base.leftOut')}>
                  <table className="plain-table">
                    <tbody>
                      {LEFT_OUT.filter((name) => h.left_out[name] > 0).map((name) => (
                        <tr key={name}>
                          <td>{t(`base.leftOutOf.${name}`)}</td>
                          <td className="n">{f.n(h.left_out[name])}</td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                  <p className="dim small">{t('base.leftOutNote')}</p>
                </Card>
              )}
              <ChartCard
                title={t('base.age')}
                note={t('base.ageNote')}
                name="base-age"
                option={option}
                height={230}
                onPoint={(point) => point.name && ask(f.month(point.name), 'age', point.name)}
                twin={{
                  head: [t('base.month'), t('base.ageSeries')],
                  rows: h.age.map((r) => ({
                    key: r.month,
                    cells: [f.month(r.month), r.customers],
                    onWho: () => ask(f.month(r.month), 'age', r.month),
                  })),
                }}
              />
            </>
          );
        }}
      </Loaded>
      {opener.panels}
    </Page>
  );
}
