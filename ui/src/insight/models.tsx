import { Button, NumberInput } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '~/access/session';
import { api } from '~/api/client';
import { useSession } from '~/app/router';
import { useCells } from '~/design/cells';
import { ChartCard, ExportMenu } from '~/design/chart';
import type { Palette } from '~/design/echart';
import { NONE, useFormat } from '~/design/format';
import { Card } from '~/design/page';
import { BoneRows, ErrorNote, Loaded } from '~/design/state';
import { done } from '~/design/toast';
import { useWord } from '~/i18n/word';
import type { Fit, ModelCheck } from './types';

/** How the forecasting models did on days they had not seen, drawn for the base's own data. */
export function ModelsPart() {
  const { t } = useTranslation();
  const session = useSession();
  const f = useFormat();
  const word = useWord();
  const cells = useCells();
  const query = useQuery({
    queryKey: ['insight', 'models'],
    queryFn: ({ signal }) => api.get<ModelCheck>('/api/insight/models', undefined, signal),
  });
  const holdout = query.data?.holdout;
  const track = useMemo(() => {
    const rows = holdout?.track ?? [];
    return (p: Palette) => ({
      grid: { left: 8, right: 12, top: 34, bottom: 4, containLabel: true },
      legend: { top: 0, left: 0, textStyle: { color: p.dim }, itemWidth: 16 },
      tooltip: { trigger: 'axis', valueFormatter: (v: number) => f.n(v) },
      xAxis: {
        type: 'category',
        data: rows.map((r) => r.day),
        axisLabel: { color: p.dim, formatter: (d: string) => f.date(d) },
        axisLine: { lineStyle: { color: p.line } },
        axisTick: { show: false },
      },
      yAxis: {
        type: 'value',
        axisLabel: { color: p.dim, formatter: (v: number) => f.n(v, Number.isInteger(v) ? 0 : 1) },
        splitLine: { lineStyle: { color: p.line } },
      },
      series: [
        {
          type: 'line',
          name: t('models.actual'),
          data: rows.map((r) => r.actual),
          showSymbol: false,
          lineStyle: { width: 2.5 },
          itemStyle: { color: p.accent },
        },
        {
          type: 'line',
          name: t('models.expected'),
          data: rows.map((r) => r.expected),
          showSymbol: false,
          lineStyle: { width: 2, type: 'dashed' },
          itemStyle: { color: p.warn },
        },
      ],
    });
  }, [holdout, f, t]);
  const bins = useMemo(() => {
    const rows = holdout?.bins ?? [];
    return (p: Palette) => ({
      grid: { left: 8, right: 12, top: 34, bottom: 4, containLabel: true },
      legend: { top: 0, left: 0, textStyle: { color: p.dim }, itemWidth: 12, itemHeight: 12 },
      tooltip: { trigger: 'axis', valueFormatter: (v: number) => f.n(v, 2) },
      xAxis: {
        type: 'category',
        data: rows.map((r, i) => (i === rows.length - 1 ? `${r.repeats}+` : String(r.repeats))),
        axisLabel: { color: p.dim },
        axisLine: { lineStyle: { color: p.line } },
        axisTick: { show: false },
      },
      yAxis: {
        type: 'value',
        axisLabel: { color: p.dim, formatter: (v: number) => f.n(v, Number.isInteger(v) ? 0 : 1) },
        splitLine: { lineStyle: { color: p.line } },
      },
      series: [
        {
          type: 'bar',
          name: t('models.actual'),
          data: rows.map((r) => r.actual),
          itemStyle: { color: p.accent, borderRadius: [3, 3, 0, 0] },
          barMaxWidth: 22,
        },
        {
          type: 'bar',
          name: t('models.expected'),
          data: rows.map((r) => r.expected),
          itemStyle: { color: p.warn, borderRadius: [3, 3, 0, 0] },
          barMaxWidth: 22,
        },
      ],
    });
  }, [holdout, f, t]);
  return (
    <Loaded query={query} skeleton={<BoneRows rows={10} />}>
      {(m) => (
        <div className="col loose">
          <p className="dim">
            {t(m.lapse_is_default ? 'models.leadDefault' : m.lapse_by_hand ? 'models.leadHand' : 'models.lead', {
              version: m.version,
              day: f.date(m.made_day),
              since: f.date(m.lapse_day),
              lapse: f.n(m.lapse_days),
              median: f.n(m.median_gap_days),
              gaps: f.n(m.gaps),
            })}
          </p>
          {can(session, 'import') && <Threshold model={m} />}
          {m.remarks.map((r) => (
            <div className="note" data-tone="warn" key={r}>
              {word(`models.remark.${r}`)}
            </div>
          ))}
          {m.holdout && (
            <div className="two">
              <ChartCard
                title={t('models.track')}
                note={t('models.trackNote', {
                  from: f.date(m.holdout.calibration_end),
                  to: f.date(m.holdout.holdout_end),
                })}
                name="model-track"
                option={track}
                height={250}
                twin={{
                  head: [t('import.col.at'), t('models.actual'), t('models.expected')],
                  rows: m.holdout.track.map((r) => ({
                    key: r.day,
                    cells: [f.date(r.day), r.actual, cells.n(r.expected, 1)],
                  })),
                }}
              />
              <ChartCard
                title={t('models.bins')}
                note={t('models.binsNote')}
                name="model-bins"
                option={bins}
                height={250}
                twin={{
                  head: [t('models.repeats'), t('nav.people'), t('models.actual'), t('models.expected')],
                  rows: m.holdout.bins.map((r) => ({
                    key: String(r.repeats),
                    cells: [r.repeats, r.customers, cells.n(r.actual, 2), cells.n(r.expected, 2)],
                  })),
                }}
              />
            </div>
          )}
          {m.candidates.length > 0 && (
            <Card
              title={t('models.choice')}
              aside={
                <ExportMenu
                  name="models"
                  twin={{
                    head: [
                      t('models.model'),
                      t('models.rmse'),
                      t('models.expected'),
                      t('models.actual'),
                      t('models.likelihood'),
                      t('models.converged'),
                    ],
                    rows: m.candidates.map((c) => ({
                      key: c.model,
                      cells: [
                        c.model,
                        cells.n(c.holdout_rmse, 4),
                        cells.n(c.holdout_expected),
                        cells.n(c.holdout_actual),
                        cells.n(c.log_likelihood, 1),
                        c.converged ? t('state.yes') : t('state.no'),
                      ],
                    })),
                  }}
                />
              }
            >
              <div className="scroll-x">
                <table className="plain-table">
                  <thead>
                    <tr>
                      <th>{t('models.model')}</th>
                      <th className="n">{t('models.rmse')}</th>
                      <th className="n">{t('models.expected')}</th>
                      <th className="n">{t('models.actual')}</th>
                      <th className="n">{t('models.likelihood')}</th>
                      <th>{t('models.converged')}</th>
                    </tr>
                  </thead>
                  <tbody>
                    {m.candidates.map((c) => (
                      <tr key={c.model}>
                        <td className={c.chosen ? 'strong' : undefined}>
                          {word(`models.kind.${c.model}`)}{' '}
                          {c.chosen && (
                            <span className="pill" data-tone="good">
                              {t('models.chosen')}
                            </span>
                          )}
                        </td>
                        <td className="n">{c.holdout_rmse === null ? NONE : f.n(c.holdout_rmse, 4)}</td>
                        <td className="n">{f.n(c.holdout_expected)}</td>
                        <td className="n">{f.n(c.holdout_actual)}</td>
                        <td className="n">{c.log_likelihood === null ? NONE : f.n(c.log_likelihood, 1)}</td>
                        <td>
                          {c.converged ? (
                            <IconCheck size={16} className="good" aria-label={t('state.yes')} />
                          ) : (
                            t('state.no')
                          )}
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
              {m.candidates.some((c) => !c.converged) && <p className="ink2 small">{t('models.noMaximum')}</p>}
            </Card>
          )}
          <div className="two">
            {m.purchases && <FitTable title={t('models.purchases')} fit={m.purchases} />}
            {m.spend && <FitTable title={t('models.spend')} fit={m.spend} />}
          </div>
        </div>
      )}
    </Loaded>
  );
}

function FitTable({ title, fit }: { title: string; fit: Fit }) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const cells = useCells();
  return (
    <Card
      title={`${title}: ${word(`models.kind.${fit.model}`)}`}
      aside={
        <ExportMenu
          name={`fit-${fit.model}`}
          twin={{
            head: [t('models.parameter'), t('segment.value'), t('models.error')],
            rows: fit.parameters.map((p) => ({
              key: p.name,
              cells: [p.name, cells.n(p.value, 4), cells.n(p.standard_error, 4)],
            })),
          }}
        />
      }
    >
      <table className="plain-table">
        <thead>
          <tr>
            <th>{t('models.parameter')}</th>
            <th className="n">{t('segment.value')}</th>
            <th className="n">{t('models.error')}</th>
          </tr>
        </thead>
        <tbody>
          {fit.parameters.map((p) => (
            <tr key={p.name}>
              <td className="mono">{p.name}</td>
              <td className="n">{f.n(p.value, 4)}</td>
              <td className="n">{p.standard_error === null ? NONE : f.n(p.standard_error, 4)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="dim small" style={{ marginTop: 8 }}>
        {t('models.fit', {
          ll: f.n(fit.log_likelihood, 1),
          n: f.n(fit.customers),
          i: f.n(fit.iterations),
          done: fit.converged ? t('models.didConverge') : t('models.didNot'),
        })}
      </p>
    </Card>
  );
}

/** The lapse threshold is held; only a decision changes it, and the decision can be taken back. */
function Threshold({ model }: { model: ModelCheck }) {
  const { t } = useTranslation();
  const f = useFormat();
  const client = useQueryClient();
  const [days, setDays] = useState<number | string>(Math.round(model.lapse_days));
  const set = useMutation({
    mutationFn: (value: number | null) => api.post<ModelCheck>('/api/insight/threshold', { days: value }),
    onSuccess: (next) => {
      setDays(Math.round(next.lapse_days));
      void client.invalidateQueries();
    },
  });
  const change = (value: number | null) => {
    const before = model.lapse_days;
    set.mutate(value, {
      onSuccess: (next) => done(t('models.thresholdSet', { days: f.n(next.lapse_days) }), () => set.mutate(before)),
    });
  };
  return (
    <Card title={t('models.threshold')}>
      <form
        className="row wrap top"
        onSubmit={(event) => {
          event.preventDefault();
          change(Number(days));
        }}
      >
        <NumberInput
          required
          aria-label={t('models.threshold')}
          min={1}
          max={3650}
          value={days}
          onChange={setDays}
          w={120}
        />
        <Button type="submit" variant="default" loading={set.isPending} disabled={days === ''}>
          {t('do.save')}
        </Button>
        <Button variant="subtle" loading={set.isPending} onClick={() => change(null)}>
          {t('models.relearn')}
        </Button>
      </form>
      <p className="dim small">{t('models.thresholdText')}</p>
      {set.error && <ErrorNote error={set.error} />}
    </Card>
  );
}
