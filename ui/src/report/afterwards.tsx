import { useTranslation } from 'react-i18next';
import { useCells } from '~/design/cells';
import { ExportMenu, type TwinCell, TwinTable } from '~/design/chart';
import { NONE, useFormat } from '~/design/format';
import { Card } from '~/design/page';
import type { CampaignProof } from '~/insight/types';

/** What stands beside the proof: average orders of three groups, sales after the window, what a person has brought. */
export function Afterwards({ proof: d }: { proof: CampaignProof }) {
  const { t } = useTranslation();
  const f = useFormat();
  const cells = useCells();
  const minor = (value: number | null): TwinCell => cells.minor(value, d.currency);
  const sign = (v: number) => (v > 0 ? '+' : v < 0 ? '−' : '');
  const growth = (g: CampaignProof['baskets']['growth']): TwinCell =>
    g
      ? {
          n: g.difference,
          text: `${sign(g.difference)}${f.pct(Math.abs(g.difference))} (${sign(g.low)}${f.pct(Math.abs(g.low))} … ${sign(g.high)}${f.pct(Math.abs(g.high))})`,
        }
      : NONE;
  const baskets = {
    head: [t('proof.aovTable'), t('proof.ordersCount'), t('figure.name.aov'), t('proof.aov')],
    rows: [
      {
        key: 'treated',
        cells: [t('proof.aovTreated'), d.baskets.treated.orders, minor(d.baskets.treated.mean_minor), ''],
      },
      {
        key: 'holdout',
        cells: [
          t('waterfall.holdout'),
          d.baskets.holdout.orders,
          minor(d.baskets.holdout.mean_minor),
          growth(d.baskets.growth),
        ],
      },
      {
        key: 'others',
        cells: [
          t('proof.aovOthers'),
          d.baskets.others.orders,
          minor(d.baskets.others.mean_minor),
          growth(d.baskets.growth_over_others),
        ],
      },
    ],
  };
  const added = (of: CampaignProof['lifetime_treated']) =>
    of.before_minor === null || of.now_minor === null ? null : of.now_minor - of.before_minor;
  const lifetime = {
    head: [t('proof.lifetime'), t('proof.lifetimeBefore'), t('proof.lifetimeNow'), t('proof.lifetimeChange')],
    rows: [
      { key: 'treated', name: t('proof.aovTreated'), of: d.lifetime_treated },
      { key: 'holdout', name: t('waterfall.holdout'), of: d.lifetime_holdout },
    ].map(({ key, name, of }) => ({
      key,
      cells: [name, minor(of.before_minor), minor(of.now_minor), minor(added(of))],
    })),
  };
  const later = d.later && {
    head: [t('proof.later'), t('proof.ordersCount'), t('proof.revenueCol')],
    rows: [
      { key: 'treated', cells: [t('proof.aovTreated'), d.later.treated_orders, minor(d.later.treated_minor)] },
      { key: 'holdout', cells: [t('waterfall.holdout'), d.later.holdout_orders, minor(d.later.holdout_minor)] },
    ],
  };
  const margin = d.later?.margin;
  const money = (v: number) => f.money(v, d.currency);
  return (
    <>
      <div className="two">
        <Card title={t('proof.aovTable')} aside={<ExportMenu name="average-orders" twin={baskets} />}>
          <TwinTable twin={baskets} />
        </Card>
        <Card title={t('proof.lifetime')} aside={<ExportMenu name="lifetime" twin={lifetime} />}>
          <TwinTable twin={lifetime} />
          {d.margin_is_default && <p className="dim small">{t('insight.marginDefault')}</p>}
        </Card>
      </div>
      <Card title={t('proof.later')} aside={later && <ExportMenu name="after-window" twin={later} />}>
        {later && d.later ? (
          <>
            <p className="dim small">
              {t('proof.laterText', { from: f.date(d.later.from_day), to: f.date(d.later.until_day) })}
            </p>
            <TwinTable twin={later} />
            {margin && (
              <p>
                {t('proof.laterMargin')}: {money(margin.difference)}{' '}
                <span className="dim">{t('figure.between', { low: money(margin.low), high: money(margin.high) })}</span>
              </p>
            )}
          </>
        ) : (
          <p className="dim">{t('proof.laterNone')}</p>
        )}
      </Card>
    </>
  );
}
