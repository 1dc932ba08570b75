import { useNavigate, useSearch } from '@tanstack/react-router';
import { lazy } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '~/access/session';
import { useSession } from '~/app/router';
import { Page } from '~/design/page';
import { Parts } from '~/design/parts';
import './care.css';

const PARTS = {
  log: lazy(() => import('./log').then((m) => ({ default: m.LogPart }))),
  replies: lazy(() => import('./replies').then((m) => ({ default: m.RepliesPart }))),
  first: lazy(() => import('./first').then((m) => ({ default: m.FirstPart }))),
  intake: lazy(() => import('./intake').then((m) => ({ default: m.IntakePart }))),
} as const;
type Part = keyof typeof PARTS;
const NAMES = Object.keys(PARTS) as Part[];

/** What is said of the shop outside of it, and what became of who said it. */
export function ReviewsPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const session = useSession();
  const { tab } = useSearch({ from: '/inside/reviews' });
  const names = NAMES.filter((name) => name !== 'intake' || can(session, 'care'));
  const part: Part = names.find((p) => p === tab) ?? 'log';
  return (
    <Page title={t('nav.reviews')} lead={t('care.reviews.lead')}>
      <Parts
        value={part}
        names={names}
        bodies={PARTS}
        label={(name) => t(`care.tab.${name}`)}
        onChange={(value) => void navigate({ to: '/reviews', search: { tab: value ?? undefined }, replace: true })}
      />
    </Page>
  );
}
