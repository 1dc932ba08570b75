import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '~/api/client';
import { useFormat } from '~/design/format';
import { useWord } from '~/i18n/word';
import type { CustomerJourney } from './types';
import './insight.css';

/** The steps that one customer took, from the first touch on. */
export function PathStrip({ id }: { id: string }) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const path = useQuery({
    queryKey: ['insight', 'journey-of', id],
    queryFn: ({ signal }) => api.get<CustomerJourney>(`/api/insight/journey/${id}`, undefined, signal),
    retry: false,
  });
  if (!path.data) return null;
  return (
    <section className="col tight" data-testid="path-strip">
      <h3>{t('journey.strip')}</h3>
      {path.data.channel && <div className="dim small">{t('journey.from', { channel: path.data.channel })}</div>}
      <ol className="path-strip">
        {path.data.steps.map((s) => (
          <li key={s.step} data-taken={s.day !== null || undefined}>
            <b>{word(`journey.step.${s.step}`)}</b>
            {s.day && <span className="dim small">{f.date(s.day)}</span>}
            {s.days !== null && s.days > 0 && (
              <span className="dim small">{t('journey.after', { n: f.n(s.days) })}</span>
            )}
          </li>
        ))}
      </ol>
      <div className="small">
        {t('insight.realised')}: <b>{f.money(path.data.realised.minor, path.data.realised.currency)}</b>
        {path.data.expected && (
          <>
            {' '}
            · {t('journey.expected')}: <b>{f.money(path.data.expected.minor, path.data.expected.currency)}</b>
          </>
        )}
      </div>
    </section>
  );
}
