import { SegmentedControl } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Fragment, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '~/api/client';
import { useCells } from '~/design/cells';
import { ChartCard } from '~/design/chart';
import { NONE, useFormat } from '~/design/format';
import { Bone, Loaded } from '~/design/state';
import { useOpener } from './figures';
import type { Cohorts, RfmMap } from './types';

const heat = (share: number, top: number) => {
  const level = top > 0 ? Math.min(1, share / top) : 0;
  return { style: { ['--heat' as string]: Math.round(level * 100) } };
};

function Download({ table }: { table: string }) {
  const { t } = useTranslation();
  return (
    <span className="row tight small">
      <IconDownload size={14} /> {t('insight.allRows')}
      {['csv', 'xlsx'].map((kind) => (
        <a key={kind} href={`/api/insight/export/${table}.${kind}`} download>
          {kind.toUpperCase()}
        </a>
      ))}
    </span>
  );
}

export function CohortsPart() {
  const { t } = useTranslation();
  const f = useFormat();
  const cells = useCells();
  const opener = useOpener();
  const [show, setShow] = useState<'share' | 'customers' | 'revenue'>('share');
  const query = useQuery({
    queryKey: ['insight', 'cohorts'],
    queryFn: ({ signal }) => api.get<Cohorts>('/api/insight/cohorts', undefined, signal),
  });
  return (
    <Loaded query={query} skeleton={<Bone h={460} r={10} />}>
      {(data) => {
        const width = Math.min(25, Math.max(0, ...data.cohorts.map((c) => c.months.length)));
        // The first month is everybody; it would drown the others.
        const top = Math.max(
          0,
          ...data.cohorts.flatMap((c) =>
            c.months
              .slice(1)
              .map((m) => (show === 'share' ? m.share : show === 'customers' ? m.customers : m.revenue.minor)),
          ),
        );
        const cell = (m: Cohorts['cohorts'][number]['months'][number]) =>
          show === 'share'
            ? f.pct(m.share, m.share > 0 && m.share < 0.1 ? 1 : 0)
            : show === 'customers'
              ? f.n(m.customers)
              : f.money(m.revenue.minor, m.revenue.currency);
        const title = (cohort: string, index: number) => t('cohorts.cell', { month: f.month(cohort), count: index });
        return (
          <>
            <ChartCard
              title={t('cohorts.title')}
              note={t('cohorts.note')}
              name="cohorts"
              aside={
                <div className="row">
                  <Download table="cohorts" />
                  <SegmentedControl
                    aria-label={t('cohorts.show')}
                    value={show}
                    onChange={(v) => setShow(v as typeof show)}
                    data={[
                      { value: 'share', label: t('waterfall.share') },
                      { value: 'customers', label: t('nav.people') },
                      { value: 'revenue', label: t('people.col.revenue') },
                    ]}
                  />
                </div>
              }
              drawing={
                // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
                <section className="scroll-x" tabIndex={0} aria-label={t('cohorts.title')}>
                  <table className="heat">
                    <thead>
                      <tr>
                        <th scope="col">{t('cohorts.first')}</th>
                        <th scope="col">{t('nav.people')}</th>
                        {Array.from({ length: width }, (_, i) => (
                          <th scope="col" key={i}>
                            {i}
                          </th>
                        ))}
                      </tr>
                    </thead>
                    <tbody>
                      {data.cohorts.map((c) => (
                        <tr key={c.cohort}>
                          <th scope="row">{f.month(c.cohort)}</th>
                          <th scope="row">{f.n(c.customers)}</th>
                          {c.months.slice(0, width).map((m) => {
                            const value =
                              show === 'share' ? m.share : show === 'customers' ? m.customers : m.revenue.minor;
                            return (
                              <td key={m.index}>
                                {m.customers > 0 ? (
                                  <button
                                    type="button"
                                    {...(m.index === 0 ? heat(0, 1) : heat(value, top))}
                                    title={title(c.cohort, m.index)}
                                    onClick={() => opener.ask(title(c.cohort, m.index), m.list)}
                                  >
                                    {cell(m)}
                                  </button>
                                ) : (
                                  <span className="heat-cell dim">·</span>
                                )}
                              </td>
                            );
                          })}
                        </tr>
                      ))}
                    </tbody>
                  </table>
                </section>
              }
              twin={{
                head: [
                  t('cohorts.first'),
                  t('cohorts.index'),
                  t('nav.people'),
                  t('waterfall.share'),
                  t('people.col.revenue'),
                ],
                rows: data.cohorts.flatMap((c) =>
                  c.months
                    .filter((m) => m.customers > 0)
                    .map((m) => ({
                      key: `${c.cohort}.${m.index}`,
                      cells: [f.month(c.cohort), m.index, m.customers, cells.pct(m.share), cells.money(m.revenue)],
                      onWho: () => opener.ask(title(c.cohort, m.index), m.list),
                    })),
                ),
              }}
            />
            {opener.panels}
          </>
        );
      }}
    </Loaded>
  );
}

export function RfmPart() {
  const { t } = useTranslation();
  const f = useFormat();
  const cells = useCells();
  const opener = useOpener();
  const query = useQuery({
    queryKey: ['insight', 'rfm'],
    queryFn: ({ signal }) => api.get<RfmMap>('/api/insight/rfm', undefined, signal),
  });
  return (
    <Loaded query={query} skeleton={<Bone h={440} r={10} />}>
      {(map) => {
        const top = Math.max(1, ...map.cells.map((c) => c.customers));
        const band = (axis: 'recency' | 'frequency', score: number) => {
          const b = map.bands.find((x) => x.axis === axis && x.score === score);
          if (!b) return '';
          return b.low === b.high ? f.n(b.low) : `${f.n(b.low)}–${f.n(b.high)}`;
        };
        const orders = (score: number) => {
          const b = map.bands.find((x) => x.axis === 'frequency' && x.score === score);
          return b && b.low === b.high
            ? t('rfm.ordersExactly', { count: b.low, n: f.n(b.low) })
            : t('rfm.orders', { band: band('frequency', score) || NONE });
        };
        // Customers of one value share one score, so a base of one-time buyers leaves scores that nobody has.
        const held = (axis: 'recency' | 'frequency') =>
          [1, 2, 3, 4, 5].filter((score) =>
            map.bands.some((b) => b.axis === axis && b.score === score && b.customers > 0),
          );
        const [rs, fs] = [held('recency').reverse(), held('frequency')];
        const name = (r: number, q: number) => t('rfm.cell', { r, f: q });
        return (
          <>
            <ChartCard
              title={t('rfm.title')}
              note={t('rfm.note')}
              name="rfm"
              aside={<Download table="rfm" />}
              drawing={
                <div className="scroll-x">
                  <div className="rfm-map" style={{ ['--columns' as string]: fs.length }}>
                    <span className="rfm-axis">{t('rfm.corner')}</span>
                    {fs.map((q) => (
                      <span key={q} className="rfm-axis">
                        <b>F{q}</b> {orders(q)}
                      </span>
                    ))}
                    {rs.map((r) => (
                      <Fragment key={r}>
                        <span className="rfm-axis">
                          <b>R{r}</b> {t('rfm.days', { band: band('recency', r) || NONE })}
                        </span>
                        {fs.map((q) => {
                          const c = map.cells.find((x) => x.r === r && x.f === q);
                          if (!c || c.customers === 0) return <span key={q} />;
                          return (
                            <button
                              key={q}
                              type="button"
                              {...heat(c.customers, top)}
                              onClick={() => opener.ask(name(r, q), c.list)}
                              title={name(r, q)}
                            >
                              <b>{f.n(c.customers)}</b>
                              <span>{f.money(c.revenue.minor, c.revenue.currency)}</span>
                            </button>
                          );
                        })}
                      </Fragment>
                    ))}
                  </div>
                </div>
              }
              twin={{
                head: ['R', 'F', t('nav.people'), t('people.col.revenue'), t('insight.atRisk')],
                rows: map.cells
                  .filter((c) => c.customers > 0)
                  .map((c) => ({
                    key: `${c.r}${c.f}`,
                    cells: [c.r, c.f, c.customers, cells.money(c.revenue), cells.money(c.value_at_risk)],
                    onWho: () => opener.ask(name(c.r, c.f), c.list),
                  })),
              }}
            />
            {opener.panels}
          </>
        );
      }}
    </Loaded>
  );
}
