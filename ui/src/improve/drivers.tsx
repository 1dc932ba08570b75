import { Button } from '@mantine/core';
import { IconMessageQuestion, IconPencil } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '~/access/session';
import { useSession } from '~/app/router';
import { Bars, type Tone } from '~/design/bars';
import { useCells } from '~/design/cells';
import { ChartCard } from '~/design/chart';
import { useFormat } from '~/design/format';
import { Card } from '~/design/page';
import { BoneFigures, Empty, Loaded } from '~/design/state';
import { useWord } from '~/i18n/word';
import { Figures, useOpener } from '~/insight/figures';
import { driversQuery, useReasonName } from './api';
import { DictionaryPanel } from './dictionary';
import { Talks } from './talks';
import type { Driver, Drivers } from './types';

const TONE: Record<Driver, Tone> = {
  service: 'bad',
  marketing: 'warn',
  product: 'info',
  natural: 'dim',
  other: 'wrap',
};

/** Which share of leaving is the product's, the service's, the marketing's, and nobody's. */
export function DriversPart() {
  const { t } = useTranslation();
  const mayEdit = can(useSession(), 'audience');
  const opener = useOpener();
  const [editing, setEditing] = useState(false);
  const report = useQuery(driversQuery);
  return (
    <Loaded query={report} skeleton={<BoneFigures count={4} />}>
      {(d) => (
        <div className="col loose">
          <div className="row wrap">
            <span className="dim grow">{t('improve.drivers.lead', { count: d.told })}</span>
            {mayEdit && (
              <Button variant="default" leftSection={<IconPencil size={16} />} onClick={() => setEditing(true)}>
                {t('improve.dictionary.title')}
              </Button>
            )}
          </div>
          <Figures figures={d.figures} onOpen={opener.show} />
          {d.told === 0 ? (
            <Empty
              icon={<IconMessageQuestion size={22} />}
              title={t('improve.drivers.none')}
              action={<Link to="/calls">{t('nav.calls')}</Link>}
            >
              {t('improve.drivers.noneText')}
            </Empty>
          ) : (
            <Shares report={d} ask={opener.ask} />
          )}
          <div className="two">
            <Silent silent={d.silent} onOpen={() => opener.ask(t('improve.silent.complained'), d.silent.list)} />
            <NamedList report={d} ask={opener.ask} />
          </div>
          <Talks />
          {editing && <DictionaryPanel onClose={() => setEditing(false)} />}
          {opener.panels}
        </div>
      )}
    </Loaded>
  );
}

type Ask = (title: string, list: string) => void;

function Shares({ report, ask }: { report: Drivers; ask: Ask }) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const cells = useCells();
  const reasonName = useReasonName();
  const subs = report.drivers.flatMap((d) => d.reasons.map((r) => ({ ...r, driver: d.driver })));
  return (
    <div className="two">
      <ChartCard
        title={t('improve.drivers.title')}
        note={t('improve.drivers.note')}
        name="leaving-drivers"
        drawing={
          <Bars
            max={Math.max(1, report.told)}
            bars={report.drivers.map((d) => ({
              key: d.driver,
              label: word(`improve.driver.${d.driver}`),
              value: d.customers,
              tone: TONE[d.driver],
              hint: t('figure.between', { low: f.pct(d.low), high: f.pct(d.high) }),
              onOpen: () => ask(word(`improve.driver.${d.driver}`), d.list),
            }))}
          />
        }
        twin={{
          head: [
            t('churn.reason'),
            t('churn.reasonKind'),
            t('base.ageSeries'),
            t('improve.share'),
            t('improve.low'),
            t('improve.high'),
            t('people.col.revenue'),
          ],
          rows: report.drivers.map((d) => ({
            key: d.driver,
            cells: [
              word(`improve.driver.${d.driver}`),
              word(`churn.${d.kind}`),
              d.customers,
              cells.pct(d.share),
              cells.pct(d.low),
              cells.pct(d.high),
              cells.money(d.revenue),
            ],
            onWho: () => ask(word(`improve.driver.${d.driver}`), d.list),
          })),
        }}
      />
      <ChartCard
        title={t('improve.drivers.subs')}
        name="leaving-reasons"
        drawing={
          <Bars
            max={Math.max(1, report.told)}
            bars={subs.map((r) => ({
              key: r.code,
              label: reasonName(r),
              value: r.customers,
              tone: TONE[r.driver],
              hint: word(`improve.driver.${r.driver}`),
              onOpen: () => ask(reasonName(r), r.list),
            }))}
          />
        }
        twin={{
          head: [
            t('churn.reason'),
            t('improve.drivers.first'),
            t('base.ageSeries'),
            t('improve.share'),
            t('improve.drivers.withOrder'),
            t('people.col.revenue'),
          ],
          rows: subs.map((r) => ({
            key: r.code,
            cells: [
              reasonName(r),
              word(`improve.driver.${r.driver}`),
              r.customers,
              cells.pct(r.share),
              r.with_order,
              cells.money(r.revenue),
            ],
            onWho: () => ask(reasonName(r), r.list),
          })),
        }}
      />
    </div>
  );
}

/** Own complaints times a figure of the market: an estimate that says whose it is. */
function Silent({ silent, onOpen }: { silent: Drivers['silent']; onOpen: () => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <Card title={t('improve.silent.title')}>
      <div className="col tight">
        <div className="big-n num">{f.n(silent.estimate)}</div>
        <p>
          <button type="button" className="link num" disabled={silent.complained === 0} onClick={onOpen}>
            {t('improve.silent.own', { count: silent.complained })}
          </button>{' '}
          × {f.n(silent.per_complaint)}
        </p>
        {silent.capped && <p className="small">{t('improve.silent.capped')}</p>}
        <p className="dim small">
          <span className="pill">{t('improve.benchmark.label')}</span>{' '}
          {t('improve.silent.source', {
            n: f.n(silent.per_complaint),
            source: silent.source || t('improve.benchmark.noSource'),
          })}{' '}
          <Link to="/improve" search={{ tab: 'benchmarks' }}>
            {t('improve.benchmark.change')}
          </Link>
        </p>
      </div>
    </Card>
  );
}

function NamedList({ report, ask }: { report: Drivers; ask: Ask }) {
  const { t } = useTranslation();
  const f = useFormat();
  const rows = [
    ...report.competitors.map((c) => ({ ...c, kind: 'competitor' as const })),
    ...report.employees.map((c) => ({ ...c, kind: 'employee' as const })),
  ];
  return (
    <Card title={t('improve.named.title')}>
      {rows.length === 0 ? (
        <p className="dim">{t('improve.named.none')}</p>
      ) : (
        <table className="plain-table">
          <tbody>
            {rows.map((r) => (
              <tr key={`${r.kind}${r.name}`}>
                <td>{r.name}</td>
                <td className="dim">{t(`improve.named.${r.kind}`)}</td>
                <td className="n">
                  <button type="button" className="link num" onClick={() => ask(r.name, r.list)}>
                    {f.n(r.customers)}
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  );
}
