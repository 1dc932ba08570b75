import { Select } from '@mantine/core';
import { IconRoute } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '~/api/client';
import { Bars, type Tone } from '~/design/bars';
import { useCells } from '~/design/cells';
import { ChartCard, ExportMenu } from '~/design/chart';
import { NONE, useFormat } from '~/design/format';
import { Card } from '~/design/page';
import { BoneFigures, Empty, Loaded } from '~/design/state';
import { useWord } from '~/i18n/word';
import { useOpener } from './figures';
import { Inputs } from './inputs';
import { JOURNEY_STEPS, type Journey, type JourneyRow, type JourneyStep } from './types';

const TONE: Record<JourneyStep['step'], Tone> = {
  touched: 'dim',
  lead: 'info',
  first: 'accent',
  second: 'good',
  regular: 'good',
  lapsed: 'bad',
  returned: 'warn',
};

type Ask = (title: string, list: string) => void;

/** From the first touch to lifetime value, by channel and by month of the first touch. */
export function JourneyPart() {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const cells = useCells();
  const opener = useOpener();
  const [channel, setChannel] = useState('');
  const query = useQuery({
    queryKey: ['insight', 'journey', channel],
    queryFn: ({ signal }) => api.get<Journey>('/api/insight/journey', { channel }, signal),
  });
  const name = (step: string) => word(`journey.step.${step}`);
  return (
    <Loaded query={query} skeleton={<BoneFigures count={4} />}>
      {(j) => {
        const shown = j.channels.find((c) => c.channel === channel) ?? j.total;
        const touched = shown.steps[0]?.customers ?? 0;
        if (j.total.steps[0]?.customers === 0)
          return (
            <Empty
              icon={<IconRoute size={22} />}
              title={t('base.empty')}
              action={<Link to="/import">{t('people.toImport')}</Link>}
            >
              {t('base.emptyText')}
            </Empty>
          );
        return (
          <div className="col loose">
            {j.margin_is_default && <div className="note">{t('insight.marginDefault')}</div>}
            <div className="row wrap">
              <Select
                label={t('journey.channel')}
                value={channel}
                data={[
                  { value: '', label: t('journey.all') },
                  ...j.channels.map((c) => ({ value: c.channel ?? '', label: c.channel || t('journey.unknown') })),
                ].filter((c, i) => i === 0 || c.value !== '')}
                allowDeselect={false}
                onChange={(v) => setChannel(v ?? '')}
                w={300}
              />
            </div>
            <ChartCard
              title={t('journey.title')}
              note={t('journey.note', { days: f.n(j.lapse_days) })}
              name="journey"
              drawing={
                <Bars
                  max={Math.max(1, touched)}
                  bars={shown.steps.map((s) => ({
                    key: s.step,
                    label: name(s.step),
                    value: s.customers,
                    tone: TONE[s.step],
                    hint: s.of
                      ? t('journey.hint', {
                          share: f.pct(s.share, 0),
                          of: name(s.of),
                          days: s.median_days === null ? NONE : f.n(s.median_days),
                        })
                      : undefined,
                    onOpen: () => opener.ask(name(s.step), s.list),
                  }))}
                />
              }
              twin={{
                head: [
                  t('journey.stepName'),
                  t('base.ageSeries'),
                  t('journey.of'),
                  t('journey.share'),
                  t('improve.low'),
                  t('improve.high'),
                  t('journey.median'),
                ],
                rows: shown.steps.map((s) => ({
                  key: s.step,
                  cells: [
                    name(s.step),
                    s.customers,
                    s.of ? name(s.of) : '',
                    cells.pct(s.share),
                    cells.pct(s.low),
                    cells.pct(s.high),
                    s.median_days ?? '',
                  ],
                  onWho: () => opener.ask(name(s.step), s.list),
                })),
              }}
            />
            <Card
              title={t('journey.channels')}
              aside={<RowsFile file="journey-channels" rows={j.channels} first={t('journey.channel')} />}
            >
              <Rows
                rows={j.channels}
                first={t('journey.channel')}
                label={(r) => r.channel || t('journey.unknown')}
                ask={opener.ask}
              />
              <p className="dim small">{t('journey.channelNote')}</p>
            </Card>
            <Card
              title={channel ? t('journey.monthsOf', { channel }) : t('journey.months')}
              aside={<RowsFile file="journey-months" rows={j.months} first={t('base.month')} />}
            >
              <Rows
                rows={j.months}
                first={t('base.month')}
                label={(r) => f.month(r.month)}
                ask={opener.ask}
                limit={24}
              />
            </Card>
            <Inputs />
            {opener.panels}
          </div>
        );
      }}
    </Loaded>
  );
}

function Rows({
  rows,
  first,
  label,
  ask,
  limit = 200,
}: {
  rows: JourneyRow[];
  first: string;
  label: (row: JourneyRow) => string;
  ask: Ask;
  limit?: number;
}) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const [all, setAll] = useState(false);
  const money = (m: JourneyRow['cac']) => (m ? f.money(m.minor, m.currency) : NONE);
  const shown = all ? rows : rows.slice(0, limit);
  return (
    <>
      <div className="scroll-x">
        <table className="plain-table journey-table">
          <thead>
            <tr>
              <th>{first}</th>
              {JOURNEY_STEPS.map((s) => (
                <th key={s} className="n">
                  {word(`journey.step.${s}`)}
                </th>
              ))}
              <th className="n">{t('journey.cac')}</th>
              <th className="n">{t('insight.realised')}</th>
              <th className="n">{t('journey.expected')}</th>
              <th className="n">{t('journey.ltv')}</th>
              <th className="n">{t('journey.ltvToCac')}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((r) => (
              <tr key={`${r.channel}:${r.month}`}>
                <td className="strong nowrap">{label(r)}</td>
                {r.steps.map((s) => (
                  <td key={s.step} className="n">
                    <button
                      type="button"
                      className="link num"
                      disabled={s.customers === 0}
                      onClick={() => ask(`${label(r)}: ${word(`journey.step.${s.step}`)}`, s.list)}
                    >
                      {f.n(s.customers)}
                    </button>
                    {s.share !== null && s.customers > 0 && (
                      <div className="dim small num">
                        {f.pct(s.share, 0)}
                        {s.median_days !== null && ` · ${t('journey.days', { n: f.n(s.median_days) })}`}
                      </div>
                    )}
                  </td>
                ))}
                <td className="n">{money(r.cac)}</td>
                <td className="n">{money(r.realised)}</td>
                <td className="n">{money(r.expected)}</td>
                <td className="n">{money(r.ltv)}</td>
                <td className={`n${r.ltv_to_cac !== null && r.ltv_to_cac < 1 ? ' bad' : ''}`}>
                  {r.ltv_to_cac === null ? NONE : `×${f.n(r.ltv_to_cac, 1)}`}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > limit && (
        <button type="button" className="link small" onClick={() => setAll(!all)}>
          {all ? t('journey.fewer') : t('journey.more', { count: rows.length - limit })}
        </button>
      )}
    </>
  );
}

function RowsFile({ file, rows, first }: { file: string; rows: JourneyRow[]; first: string }) {
  const { t } = useTranslation();
  const word = useWord();
  const cells = useCells();
  const money = (m: JourneyRow['cac']) => (m ? cells.money(m) : '');
  return (
    <ExportMenu
      name={file}
      twin={{
        head: [
          first,
          ...JOURNEY_STEPS.map((s) => word(`journey.step.${s}`)),
          t('journey.cac'),
          t('insight.realised'),
          t('journey.expected'),
          t('journey.ltv'),
          t('journey.ltvToCac'),
        ],
        rows: rows.map((r) => ({
          key: `${r.channel}:${r.month}`,
          cells: [
            r.channel && !r.month ? r.channel : (r.month ?? ''),
            ...r.steps.map((s) => s.customers),
            money(r.cac),
            money(r.realised),
            money(r.expected),
            money(r.ltv),
            r.ltv_to_cac === null ? '' : Math.round(r.ltv_to_cac * 100) / 100,
          ],
        })),
      }}
    />
  );
}
