import { Button, NumberInput, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '~/access/session';
import { api } from '~/api/client';
import { useSession } from '~/app/router';
import { showFigure } from '~/design/figure';
import { type Formats, NONE, useFormat } from '~/design/format';
import { Card } from '~/design/page';
import { BoneFigures, ErrorNote, Loaded } from '~/design/state';
import { useWord } from '~/i18n/word';
import { useOpener } from '~/insight/figures';
import { benchmarksQuery, loyalQuery, planQuery } from './api';
import type { Benchmark } from './types';

const shown = (f: Formats, b: Benchmark) =>
  b.value === null ? NONE : b.unit === 'share' ? f.pct(b.value) : `×${f.n(b.value, Number.isInteger(b.value) ? 0 : 1)}`;

/** Own figures first; the market's beside, in cards of their own that name their source. */
export function BenchmarksPart() {
  const { t } = useTranslation();
  const benchmarks = useQuery(benchmarksQuery);
  return (
    <div className="col loose">
      <LoyalCard />
      <Loaded query={benchmarks} skeleton={<BoneFigures count={6} />}>
        {(page) => (
          <>
            <BaseAgainstCold cold={page.items.find((b) => b.code === 'cold_conversion')} />
            <section className="col">
              <h2>{t('improve.benchmark.title')}</h2>
              <p className="dim">{t('improve.benchmark.lead')}</p>
              <div className="plan-grid">
                {page.items.map((b) => (
                  <BenchmarkCard key={`${b.code}${b.value}${b.source}`} benchmark={b} />
                ))}
              </div>
            </section>
          </>
        )}
      </Loaded>
    </div>
  );
}

/** Regular customers beside the rest. */
function LoyalCard() {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const opener = useOpener();
  const loyal = useQuery(loyalQuery);
  return (
    <Card title={t('improve.loyal.title')}>
      <Loaded query={loyal}>
        {(l) => (
          <div className="scroll-x">
            <table className="plain-table">
              <thead>
                <tr>
                  <th>{t('improve.loyal.group')}</th>
                  <th className="n">{t('base.ageSeries')}</th>
                  {l.groups[0]?.figures.map((x) => (
                    <th key={x.id} className="n">
                      {word(`figure.name.${x.id}`)}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {l.groups.map((g) => (
                  <tr key={g.group}>
                    <td>{word(`improve.loyal.${g.group}`)}</td>
                    <td className="n">
                      <button
                        type="button"
                        className="link num"
                        disabled={g.customers === 0}
                        onClick={() => opener.ask(word(`improve.loyal.${g.group}`), g.list)}
                      >
                        {f.n(g.customers)}
                      </button>
                    </td>
                    {g.figures.map((x) => (
                      <td key={x.id} className="n">
                        <button type="button" className="link num" onClick={() => opener.show({ ...x, list: g.list })}>
                          {showFigure(f, x.value, x.unit, opener.currency)}
                        </button>
                      </td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
            <p className="dim small">{t('improve.loyal.note')}</p>
          </div>
        )}
      </Loaded>
      {opener.panels}
    </Card>
  );
}

/** The own conversion of talks into orders beside what cold traffic gives, as entered. */
function BaseAgainstCold({ cold }: { cold?: Benchmark }) {
  const { t } = useTranslation();
  const f = useFormat();
  const plan = useQuery(planQuery('all'));
  return (
    <Card title={t('improve.cold.title')}>
      <Loaded query={plan}>
        {(p) => {
          const own = p.kpis.find((k) => k.code === 'contact_sale');
          const times = own?.value && cold?.value ? own.value / cold.value : null;
          return (
            <dl className="facts">
              <dt>{t('improve.cold.own', { count: p.window_days })}</dt>
              <dd className="num">
                {own?.value === null || own === undefined
                  ? t('improve.status.no_data')
                  : `${f.pct(own.value)} (${f.n(own.numerator)} ÷ ${f.n(own.denominator)})`}
              </dd>
              <dt>
                {t('improve.benchmark.cold_conversion')} <span className="pill">{t('improve.benchmark.entered')}</span>
              </dt>
              <dd className="num">
                {cold?.value === null || !cold ? t('improve.cold.enter') : `${f.pct(cold.value)} · ${cold.source}`}
              </dd>
              {times !== null && (
                <>
                  <dt>{t('improve.cold.times')}</dt>
                  <dd className="num strong">×{f.n(times, 1)}</dd>
                </>
              )}
            </dl>
          );
        }}
      </Loaded>
    </Card>
  );
}

function BenchmarkCard({ benchmark: b }: { benchmark: Benchmark }) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const client = useQueryClient();
  const mayEdit = can(useSession(), 'audience');
  const [editing, setEditing] = useState(false);
  const scale = b.unit === 'share' ? 100 : 1;
  const [value, setValue] = useState<number | ''>(b.value === null ? '' : Math.round(b.value * scale * 100) / 100);
  const [source, setSource] = useState(b.source);
  const fresh = async () => {
    setEditing(false);
    await client.invalidateQueries({ queryKey: ['benchmarks'] });
    void client.invalidateQueries({ queryKey: ['insight', 'drivers'] });
  };
  const save = useMutation({
    mutationFn: () => api.put(`/api/benchmarks/${b.code}`, { value: Number(value) / scale, source }),
    onSuccess: fresh,
  });
  const reset = useMutation({ mutationFn: () => api.del(`/api/benchmarks/${b.code}`), onSuccess: fresh });
  const name = word(`improve.benchmark.${b.code}`);
  return (
    <section className="plan-kpi benchmark" aria-label={name}>
      <span className="pill">
        {b.own || b.code === 'cold_conversion' ? t('improve.benchmark.entered') : t('improve.benchmark.label')}
      </span>
      <div className="big-n num">{shown(f, b)}</div>
      <div>{name}</div>
      <div className="dim small">
        {t('improve.benchmark.source')}: {b.source || t('improve.benchmark.noSource')}
      </div>
      {mayEdit && !editing && (
        <div className="row tight small">
          <button type="button" className="link" onClick={() => setEditing(true)}>
            {t('improve.benchmark.change')}
          </button>
          {b.own && (
            <button type="button" className="link" onClick={() => reset.mutate()}>
              {t('improve.shipped')}
            </button>
          )}
        </div>
      )}
      {editing && (
        <form
          className="col tight"
          onSubmit={(event) => {
            event.preventDefault();
            save.mutate();
          }}
        >
          <NumberInput
            label={t('improve.benchmark.value')}
            suffix={b.unit === 'share' ? ' %' : undefined}
            min={0}
            value={value}
            onChange={(v) => setValue(v === '' ? '' : Number(v))}
          />
          <TextInput label={t('improve.benchmark.source')} value={source} onChange={(e) => setSource(e.target.value)} />
          {save.error && <ErrorNote error={save.error} />}
          <div className="row tight">
            <Button type="submit" size="compact-sm" disabled={value === '' || !source.trim()} loading={save.isPending}>
              {t('do.save')}
            </Button>
            <Button size="compact-sm" variant="subtle" color="gray" onClick={() => setEditing(false)}>
              {t('do.cancel')}
            </Button>
          </div>
        </form>
      )}
    </section>
  );
}
