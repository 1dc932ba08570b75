import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CustomerRow } from '~/api/types';
import { useSession } from '~/app/router';
import { type Figure, FigurePanel, FigureTile, showFigure, shownNumber } from '~/design/figure';
import { useFormat } from '~/design/format';
import { useWord } from '~/i18n/word';
import { type Who, WhoPanel } from '~/identity/people-list';

/** The list behind a figure is named by the server as a query of its own. */
export function listQuestion(list: Figure['list'], extra: Record<string, string> = {}) {
  const query =
    typeof list === 'string' ? Object.fromEntries(new URLSearchParams(list.replace(/^.*\?/, ''))) : { ...(list ?? {}) };
  return { key: ['base-list'], path: '/api/base-health/list', query: { ...query, ...extra } };
}

/** Tiles that open their formula and list, and one place for "who are these?" of everything else on the page. */
export function useOpener() {
  const navigate = useNavigate();
  const { currency } = useSession().workspace;
  const [figure, setFigure] = useState<Figure>();
  const [who, setWho] = useState<Who>();
  const open = (c: CustomerRow) => void navigate({ to: '/people/$id', params: { id: c.id } });
  return {
    currency,
    ask: (title: string, list: string) => {
      setFigure(undefined);
      setWho({ title, question: listQuestion(list) });
    },
    show: (next: Figure) => {
      setWho(undefined);
      setFigure(next);
    },
    panels: (
      <>
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
      </>
    ),
  };
}

export function Figures({ figures, onOpen }: { figures: Figure[]; onOpen: (figure: Figure) => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const { currency } = useSession().workspace;
  const sub = (x: Figure) => {
    if (x.covered)
      return t('figure.covered', {
        days: f.n(x.covered.days),
        of: f.n(x.covered.of),
        from: f.date(x.covered.from),
        to: f.date(x.covered.to),
      });
    if (x.low !== null && x.low !== undefined && x.high !== null && x.high !== undefined)
      return t('figure.between', {
        low: showFigure(f, x.low, x.unit, currency),
        high: showFigure(f, x.high, x.unit, currency),
      });
    if (x.unit === 'share' && x.denominator && x.denominator_unit !== 'money')
      return t('figure.of', { n: f.n(x.numerator), of: f.n(x.denominator) });
    if (x.value !== null && x.unit && !['count', 'share', 'money', 'minor', 'times'].includes(x.unit))
      return word(`unit.${x.unit}`, { count: typeof x.value === 'number' ? shownNumber(x.value, x.unit) : 0 });
    return undefined;
  };
  return (
    <div className="figures">
      {figures.map((x) => (
        <FigureTile
          key={x.id}
          label={word(`figure.name.${x.id}`)}
          value={showFigure(f, x.value, x.unit, currency)}
          sub={sub(x)}
          onOpen={() => onOpen(x)}
        />
      ))}
    </div>
  );
}
