import { Button } from '@mantine/core';
import { IconArrowRight, IconDatabaseHeart } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '~/api/client';
import type { CustomerRow, Stage } from '~/api/types';
import { useSession } from '~/app/router';
import { Bars, type Tone } from '~/design/bars';
import { ChartCard } from '~/design/chart';
import type { Palette } from '~/design/echart';
import { type Figure, FigurePanel, FigureTile, showFigure } from '~/design/figure';
import { useFormat } from '~/design/format';
import { Card, Page } from '~/design/page';
import { Bone, BoneFigures, Empty, Loaded } from '~/design/state';
import { type Who, WhoPanel } from '~/identity/people-list';
import { useWord } from '~/i18n/word';

interface BaseHealth {
  figures: Figure[];
  stages: { stage: Stage; count: number }[];
  channels: { channel: string; reachable: number; consent?: number; [key: string]: unknown }[];
  age: { month: string; customers: number }[];
}

const STAGES: Record<Stage, Tone> = {
  new: 'info',
  developing: 'good',
  at_risk: 'warn',
  lapsed: 'bad',
  returned: 'accent',
  none: 'dim',
};

/** The list behind a figure is named by the server as a query of its own. */
export function listQuestion(list: Figure['list'], extra: Record<string, string> = {}) {
  const query =
    typeof list === 'string' ? Object.fromEntries(new URLSearchParams(list.replace(/^.*\?/, ''))) : { ...(list ?? {}) };
  return { key: ['base-list'], path: '/api/base-health/list', query: { ...query, ...extra } };
}

export function BasePage() {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const navigate = useNavigate();
  const { currency } = useSession().workspace;
  const health = useQuery({
    queryKey: ['base-health'],
    queryFn: ({ signal }) => api.get<BaseHealth>('/api/base-health', undefined, signal),
  });
  const [figure, setFigure] = useState<Figure>();
  const [who, setWho] = useState<Who>();
  const open = (c: CustomerRow) => void navigate({ to: '/people/$id', params: { id: c.id } });
  const ask = (title: string, name: string, value: string) => {
    setFigure(undefined);
    setWho({ title, question: { key: ['base-list'], path: '/api/base-health/list', query: { figure: name, value } } });
  };
  const age = health.data?.age;
  const option = useMemo(() => {
    const rows = age ?? [];
    return (p: Palette) => ({
      grid: { left: 8, right: 12, top: 14, bottom: 4, containLabel: true },
      tooltip: { trigger: 'axis' },
      xAxis: {
        type: 'category',
        data: rows.map((r) => r.month),
        axisLabel: { color: p.dim, formatter: (m: string) => f.month(m) },
        axisLine: { lineStyle: { color: p.line } },
        axisTick: { show: false },
      },
      yAxis: { type: 'value', axisLabel: { color: p.dim }, splitLine: { lineStyle: { color: p.line } } },
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
          if (h.figures.length === 0 || (total === 0 && h.figures.every((x) => !x.value)))
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
              <div className="figures">
                {h.figures.map((x) => (
                  <FigureTile
                    key={x.id}
                    label={word(`figure.name.${x.id}`)}
                    value={showFigure(f, x.value, x.unit, currency)}
                    sub={
                      x.unit === 'share' && x.denominator
                        ? t('figure.of', { n: f.n(x.numerator), of: f.n(x.denominator) })
                        : x.unit && x.unit !== 'count' && x.unit !== 'share' && x.unit !== 'money' && x.unit !== 'minor'
                          ? word(`unit.${x.unit}`)
                          : undefined
                    }
                    onOpen={() => {
                      setWho(undefined);
                      setFigure(x);
                    }}
                  />
                ))}
              </div>
              <div className="two">
                <Card title={t('base.stages')}>
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
                </Card>
                <Card title={t('base.channels')}>
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
                              onClick={() => ask(`${word(`channel.${c.channel}`)}: ${t('base.reachable')}`, 'reachable', c.channel)}
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
                                  onClick={() => ask(`${word(`channel.${c.channel}`)}: ${t('base.lawful')}`, 'consent', c.channel)}
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
      {figure && (
        <FigurePanel
          figure={figure}
          currency={currency}
          question={figure.list ? listQuestion(figure.list) : undefined}
          onOpen={open}
          onClose={() => setFigure(undefined)}
        />
      )}
      {who && <WhoPanel who={who} onClose={() => setWho(undefined)} onOpen={open} />}
    </Page>
  );
}
