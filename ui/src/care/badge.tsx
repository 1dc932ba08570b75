import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { can, type Session } from '~/access/session';
import { useEvents } from '~/api/events';
import { useFormat } from '~/design/format';
import { countsQuery, useRefreshCare } from './api';

/** How much waits: in the inbox, and mentions without an answer. Red once a deadline has passed. */
export function CareBadge({ of, session }: { of: string; session: Session }) {
  if ((of !== 'inbox' && of !== 'reviews') || !can(session, 'care')) return null;
  return <Count of={of} />;
}

function Count({ of }: { of: 'inbox' | 'reviews' }) {
  const { t } = useTranslation();
  const f = useFormat();
  const refresh = useRefreshCare();
  useEvents(['care'], refresh, of === 'inbox');
  const { data } = useQuery(countsQuery);
  const n = of === 'inbox' ? data?.waiting : data?.mentions;
  const late = of === 'inbox' ? data?.overdue : data?.mentions_overdue;
  if (!n) return null;
  const title = t(of === 'inbox' ? 'care.badge.waiting' : 'care.badge.mentions', { n: f.n(n), late: f.n(late ?? 0) });
  return (
    <span className="side-badge" data-late={late ? true : undefined} title={title}>
      <span className="sr">{title}</span>
      <span aria-hidden="true">{n > 999 ? '999+' : n}</span>
    </span>
  );
}
