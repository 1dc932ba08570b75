import { useTranslation } from 'react-i18next';
import { useSession } from '~/app/router';
import { showFigure } from '~/design/figure';
import { NONE, useFormat } from '~/design/format';
import { useWord } from '~/i18n/word';
import type { BaseValue } from './types';
import './print.css';

/** The value of the base on paper: what it is worth, how sure that is, how it was counted, and of what it is made. */
export function ValueSheet({ value: v }: { value: BaseValue }) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const { workspace, campaign_now } = useSession();
  const { currency } = workspace;
  const worth = v.figures.find((x) => x.id === 'base_value');
  const shown = v.stages.filter((s) => s.customers > 0);
  const sum = (key: 'realised' | 'expected' | 'value_at_risk') =>
    shown.reduce((total, s) => total + (s[key]?.minor ?? 0), 0);
  const total = sum('expected');
  const money = (m?: { minor: number; currency: string } | null) => (m ? f.money(m.minor, m.currency) : NONE);
  const between = (low?: number | null, high?: number | null) =>
    low === null || low === undefined || high === null || high === undefined
      ? NONE
      : t('figure.between', { low: f.money(low, currency), high: f.money(high, currency) });
  return (
    <article className="print-sheet" data-testid="value-sheet">
      <header>
        <div>
          <h1>{t('insight.tab.value')}</h1>
          <p>{workspace.name}</p>
        </div>
        <p className="right">
          {t('insight.print.asOf', { day: f.date(v.as_of) })}
          <br />
          {t('insight.print.made', { day: f.date(campaign_now) })}
        </p>
      </header>
      {workspace.simulated && <p className="print-note">{t('insight.print.simulated')}</p>}
      <section className="print-worth">
        <span>{t('insight.print.worth')}</span>
        <b>{showFigure(f, worth?.value ?? null, 'money', currency)}</b>
        <span>{t('insight.print.interval', { between: between(worth?.low, worth?.high) })}</span>
      </section>
      <table>
        <thead>
          <tr>
            <th>{t('insight.print.figure')}</th>
            <th className="n">{t('insight.print.value')}</th>
            <th>{t('insight.print.formula')}</th>
          </tr>
        </thead>
        <tbody>
          {v.figures
            .filter((x) => x.id !== 'base_value')
            .map((x) => (
              <tr key={x.id}>
                <td>{word(`figure.name.${x.id}`)}</td>
                <td className="n">{showFigure(f, x.value, x.unit, currency)}</td>
                <td className="small">{x.formula ? word(`formula.${x.formula}`) : ''}</td>
              </tr>
            ))}
        </tbody>
      </table>
      <h2>{t('insight.byStage')}</h2>
      <table>
        <thead>
          <tr>
            <th>{t('people.col.stage')}</th>
            <th className="n">{t('base.ageSeries')}</th>
            <th className="n">{t('insight.realised')}</th>
            <th className="n">{t('insight.expected')}</th>
            <th className="n">{t('insight.print.share')}</th>
            <th className="n">{t('insight.atRisk')}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((s) => (
            <tr key={s.stage}>
              <td>{t(`stage.${s.stage}`)}</td>
              <td className="n">{f.n(s.customers)}</td>
              <td className="n">{money(s.realised)}</td>
              <td className="n">{money(s.expected)}</td>
              <td className="n">{s.expected && total > 0 ? f.pct(s.expected.minor / total) : NONE}</td>
              <td className="n">{money(s.value_at_risk)}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th>{t('insight.print.total')}</th>
            <th className="n">{f.n(shown.reduce((n, s) => n + s.customers, 0))}</th>
            <th className="n">{f.money(sum('realised'), currency)}</th>
            <th className="n">{v.model ? f.money(total, currency) : NONE}</th>
            <th className="n">{v.model && total > 0 ? f.pct(1) : NONE}</th>
            <th className="n">{v.model ? f.money(sum('value_at_risk'), currency) : NONE}</th>
          </tr>
        </tfoot>
      </table>
      <h2>{t('insight.print.method')}</h2>
      <ul>
        <li>{v.model ? t('insight.print.model', { model: word(`models.kind.${v.model}`) }) : t('insight.noModel')}</li>
        <li>
          {v.margin_is_default
            ? t('insight.print.revenue')
            : t('insight.print.margin', { share: f.pct(v.margin_share) })}
        </li>
        <li>{t('insight.print.currency', { currency })}</li>
        <li>{t('insight.print.rounding')}</li>
      </ul>
    </article>
  );
}
