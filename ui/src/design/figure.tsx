import { IconMathFunction } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { CustomerRow, Money } from '~/api/types';
import { useWord } from '~/i18n/word';
import { ListFiles, PeopleList, type PeopleQuestion } from '~/identity/people-list';
import { type Formats, NONE, useFormat } from './format';
import { SidePanel } from './panel';
import './state.css';

export interface Figure {
  id: string;
  value: number | Money | null;
  unit?: string | null;
  numerator?: number | null;
  denominator?: number | null;
  low?: number | null;
  high?: number | null;
  /** What the parts count: `count` or `money`. */
  numerator_unit?: string | null;
  denominator_unit?: string | null;
  /** The part of the period for which costs were entered, when that is not all of it. */
  covered?: { days: number; of: number; from: string; to: string } | null;
  /** The code of a formula; its words are in the catalogue. */
  formula?: string | null;
  /** The query of the list behind the figure. */
  list?: string | Record<string, string> | null;
}

/** Days are whole; years and the like keep one digit. The word of the unit agrees with what is shown. */
export function shownNumber(value: number, unit: string): number {
  return unit === 'days' ? Math.round(value) : Math.round(value * 10) / 10;
}

export function showFigure(f: Formats, value: Figure['value'], unit?: string | null, currency?: string): string {
  if (value === null || value === undefined) return NONE;
  if (typeof value === 'object') return f.money(value.minor, value.currency);
  if (unit === 'share' || unit === 'percent') return f.pct(value);
  if (unit === 'times') return f.n(value, 2);
  if (unit === 'money' || unit === 'minor') return f.money(value, currency);
  if (unit === 'days' || unit === 'years' || unit === 'months' || unit === 'orders') {
    const shown = shownNumber(value, unit);
    return f.n(shown, Number.isInteger(shown) ? 0 : 1);
  }
  return f.n(value, Number.isInteger(value) ? 0 : 2);
}

export function FigureTile({
  label,
  value,
  sub,
  onOpen,
  tone,
}: {
  label: string;
  value: ReactNode;
  sub?: ReactNode;
  onOpen?: () => void;
  tone?: 'good' | 'bad' | 'warn';
}) {
  const { t } = useTranslation();
  const inside = (
    <>
      <span className="figure-label">{label}</span>
      <span className={`figure-value${tone ? ` ${tone}` : ''}`}>{value}</span>
      <span className="figure-sub">{sub}</span>
    </>
  );
  return onOpen ? (
    <button type="button" className="figure" onClick={onOpen} title={t('figure.open')}>
      {inside}
    </button>
  ) : (
    <div className="figure">{inside}</div>
  );
}

/** What stands behind a number: its formula, numerator, denominator, and the people it counts. */
export function FigurePanel({
  figure,
  currency,
  question,
  onOpen,
  onClose,
}: {
  figure: Figure;
  currency?: string;
  question?: PeopleQuestion;
  onOpen?: (row: CustomerRow) => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const fallback = figure.unit === 'money' || figure.unit === 'minor' ? figure.unit : undefined;
  return (
    <SidePanel wide title={word(`figure.name.${figure.id}`)} onClose={onClose}>
      <div className="big-n">{showFigure(f, figure.value, figure.unit, currency)}</div>
      {figure.formula && (
        <div className="note">
          <IconMathFunction size={18} />
          <span>{word(`formula.${figure.formula}`)}</span>
        </div>
      )}
      {figure.covered && (
        <p className="dim">{t('figure.coveredNote', { days: f.n(figure.covered.days), of: f.n(figure.covered.of) })}</p>
      )}
      {(figure.numerator !== undefined && figure.numerator !== null) || figure.denominator ? (
        <dl className="facts">
          {figure.numerator !== undefined && figure.numerator !== null && (
            <>
              <dt>{t('figure.numerator')}</dt>
              <dd className="num">{showFigure(f, figure.numerator, figure.numerator_unit ?? fallback, currency)}</dd>
            </>
          )}
          {figure.denominator !== undefined && figure.denominator !== null && (
            <>
              <dt>{t('figure.denominator')}</dt>
              <dd className="num">{showFigure(f, figure.denominator, figure.denominator_unit, currency)}</dd>
            </>
          )}
        </dl>
      ) : null}
      {question && onOpen && (
        <section className="col grow">
          <h3>{t('chart.who')}</h3>
          <ListFiles question={question} />
          <PeopleList question={question} onOpen={onOpen} narrow />
        </section>
      )}
    </SidePanel>
  );
}
