import { IconAlertTriangle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '~/api/client';
import type { CampaignVariants, WaveVariants } from '~/api/types';
import { ChannelIcon } from '~/campaign/campaigns-page';
import { IntervalBar } from '~/campaign/effect';
import { useCells } from '~/design/cells';
import { ChartCard, type Twin, type TwinCell } from '~/design/chart';
import { NONE, useFormat } from '~/design/format';
import { Card } from '~/design/page';
import { BoneRows, Loaded } from '~/design/state';
import { type Who, WhoPanel } from '~/identity/people-list';
import { believed, judged, points, verdict } from './verdict';

/** The variants of a campaign's waves: what became of them, which is better, and how sure that is. */
export function Variants({ id, live = false }: { id: string; live?: boolean }) {
  const navigate = useNavigate();
  const [who, setWho] = useState<Who>();
  const query = useQuery({
    queryKey: ['report', id, 'variants'],
    queryFn: ({ signal }) => api.get<CampaignVariants>(`/api/campaigns/${id}/variants`, undefined, signal),
    refetchInterval: live ? 30_000 : false,
  });
  return (
    <Loaded query={query} skeleton={<BoneRows rows={4} />}>
      {(d) => (
        <div className="col loose">
          {d.waves.map((wave) => (
            <WaveCard key={wave.id} id={id} wave={wave} of={d} ask={setWho} />
          ))}
          {who && (
            <WhoPanel
              who={who}
              onClose={() => setWho(undefined)}
              onOpen={(row) => void navigate({ to: '/people/$id', params: { id: row.id } })}
            />
          )}
        </div>
      )}
    </Loaded>
  );
}

const COUNTS = ['assigned', 'sent', 'delivered', 'clicked', 'positive'] as const;

function WaveCard({
  id,
  wave,
  of,
  ask,
}: {
  id: string;
  wave: WaveVariants;
  of: CampaignVariants;
  ask: (who: Who) => void;
}) {
  const { t } = useTranslation();
  const f = useFormat();
  const cells = useCells();
  const title = t('variant.ofWave', { n: wave.number });
  const { srm, srm_alarm, versus, level } = wave.comparison;
  const columns = COUNTS.filter((key) => key !== 'clicked' || wave.channel !== 'call');
  const head = (key: (typeof COUNTS)[number]) =>
    key === 'assigned'
      ? t('variant.assigned')
      : wave.channel === 'call'
        ? t(`callFunnel.${key as 'sent'}`)
        : t(`funnel.${key as 'sent'}`);
  const people = (name: string, what: string, cell: string, variant: number) =>
    ask({
      title: `${name}: ${what}`,
      lead: t('campaign.waveNo', { n: wave.number }),
      question: {
        key: ['campaign-people', id],
        path: `/api/campaigns/${id}/people`,
        query: { wave: wave.number, cell, variant },
      },
    });
  const unit = t('variant.points');
  const drawn = versus.flatMap((v) => {
    const d = believed(wave, v);
    return d ? [{ ...d, name: wave.variants[v.number - 1]?.name ?? '', key: v.number }] : [];
  });
  const widest = Math.max(0.005, ...drawn.flatMap((d) => [Math.abs(d.low), Math.abs(d.high)]));
  const twin: Twin = {
    head: [
      t('variant.one'),
      t('variant.share'),
      ...columns.map(head),
      t('variant.bought'),
      t('variant.conversion'),
      t('variant.perPerson'),
      t('variant.difference'),
      t('proof.low'),
      t('proof.high'),
      t('variant.revenueDifference'),
      t('variant.probability'),
    ],
    rows: wave.variants.map((variant, i) => {
      const against = versus.find((v) => v.number === i + 1);
      const d = against && believed(wave, against);
      const three: TwinCell[] = [d?.difference, d?.low, d?.high].map((v) =>
        v === undefined ? '' : { n: v, text: points(f, v) },
      );
      const rate = variant.people > 0 ? variant.buyers / variant.people : undefined;
      return {
        key: String(i),
        cells: [
          variant.name,
          { n: variant.share, text: f.pct(variant.share, 0) },
          ...columns.map((key) => variant[key]),
          variant.buyers,
          { n: rate, text: f.pct(rate) },
          cells.minor(variant.revenue_per_person_minor ?? null, of.currency),
          ...three,
          against?.revenue ? cells.minor(against.revenue.difference, of.currency) : '',
          against ? { n: judged(wave, against)?.probability_better, text: probability(f.pct, wave, against) } : '',
        ],
        onWho: variant.assigned > 0 ? () => people(variant.name, head('assigned'), 'assigned', i + 1) : undefined,
      };
    }),
  };
  return (
    <>
      <Card
        title={
          <span className="row tight">
            <ChannelIcon channel={wave.channel as 'email'} /> {title}
          </span>
        }
        aside={
          wave.open && wave.from_day ? (
            <span className="pill" data-tone="info">
              {t('proof.open')}
            </span>
          ) : undefined
        }
      >
        <div className="col">
          {srm_alarm && (
            <div className="note" data-tone="bad" role="alert">
              <IconAlertTriangle size={18} />
              {t('variant.srmAlarm', { p: f.n(srm?.p, 4) })}
            </div>
          )}
          {!srm_alarm &&
            versus.map((v) => {
              const said = verdict(wave, v, f);
              return (
                <div key={v.number} className="note" data-tone={said.tone}>
                  {t(said.key, said.values)}
                </div>
              );
            })}
          <section
            className="scroll-x"
            // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
            tabIndex={0}
            aria-label={title}
          >
            <table className="plain-table">
              <thead>
                <tr>
                  <th>{t('variant.one')}</th>
                  <th className="n">{t('variant.share')}</th>
                  {columns.map((key) => (
                    <th key={key} className="n">
                      {head(key)}
                    </th>
                  ))}
                  <th className="n">{t('variant.bought')}</th>
                  <th className="n">{t('variant.perPerson')}</th>
                  <th className="n">{t('variant.probability')}</th>
                </tr>
              </thead>
              <tbody>
                {wave.variants.map((variant, i) => {
                  const against = versus.find((v) => v.number === i + 1);
                  const open = (what: string, cell: string, n: number) =>
                    n > 0 ? (
                      <button
                        type="button"
                        className="link"
                        aria-label={`${variant.name}: ${what} ${f.n(n)}`}
                        onClick={() => people(variant.name, what, cell, i + 1)}
                      >
                        {f.n(n)}
                      </button>
                    ) : (
                      f.n(n)
                    );
                  return (
                    <tr key={variant.name}>
                      <td className="strong">{variant.name}</td>
                      <td className="n">{f.pct(variant.share, 0)}</td>
                      {columns.map((key) => (
                        <td key={key} className="n">
                          {open(head(key), key, variant[key])}
                        </td>
                      ))}
                      <td className="n">
                        {open(t('variant.bought'), 'bought', variant.buyers)}{' '}
                        <span className="dim">
                          {f.pct(variant.people > 0 ? variant.buyers / variant.people : null)}
                        </span>
                      </td>
                      <td className="n">{f.money(variant.revenue_per_person_minor, of.currency)}</td>
                      <td className="n">{against ? probability(f.pct, wave, against) : NONE}</td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
          </section>
          <p className="dim small">
            {wave.from_day
              ? t('variant.window', {
                  from: f.date(wave.from_day),
                  to: f.date(wave.until_day),
                  count: of.window_days,
                })
              : t('variant.notStarted')}{' '}
            {srm && t('variant.srm', { p: f.n(srm.p, 3) })}{' '}
            {wave.merged > 0 && t('variant.merged', { count: wave.merged, n: f.n(wave.merged) })}
          </p>
        </div>
      </Card>
      {drawn.length > 0 && !srm_alarm && (
        <ChartCard
          title={t('variant.chart', { name: wave.variants[0]?.name ?? '' })}
          name={`campaign-${id}-wave-${wave.number}-variants`}
          note={`${t('variant.level', { level: f.pct(level, 1), count: versus.length })} ${
            wave.open ? t('variant.anyTime') : ''
          }`}
          height={70 * drawn.length}
          drawing={
            <div className="col">
              {drawn.map((d) => (
                <div key={d.key} className="variant-line">
                  <span className="strong">{d.name}</span>
                  <IntervalBar
                    difference={d.difference}
                    low={d.low}
                    high={d.high}
                    show={(v) => points(f, v)}
                    unit={unit}
                    floor={widest}
                  />
                </div>
              ))}
            </div>
          }
          twin={twin}
        />
      )}
    </>
  );
}

function probability(
  pct: (share: number | null | undefined, digits?: number) => string,
  wave: WaveVariants,
  against: WaveVariants['comparison']['versus'][number],
): string {
  if (wave.comparison.srm_alarm) return NONE;
  const d = judged(wave, against);
  return d ? pct(d.probability_better, 1) : NONE;
}
