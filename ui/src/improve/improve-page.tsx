import { useNavigate, useSearch } from '@tanstack/react-router';
import { lazy } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '~/access/session';
import { useSession } from '~/app/router';
import { Page } from '~/design/page';
import { Parts } from '~/design/parts';
import './improve.css';

const PARTS = {
  plan: lazy(() => import('./plan').then((m) => ({ default: m.PlanPart }))),
  drivers: lazy(() => import('./drivers').then((m) => ({ default: m.DriversPart }))),
  talks: lazy(() => import('./objections').then((m) => ({ default: m.ObjectionsPart }))),
  offers: lazy(() => import('./offers').then((m) => ({ default: m.OffersPart }))),
  playbook: lazy(() => import('./playbook').then((m) => ({ default: m.PlaybookPart }))),
  board: lazy(() => import('./board').then((m) => ({ default: m.BoardPart }))),
  benchmarks: lazy(() => import('./benchmarks').then((m) => ({ default: m.BenchmarksPart }))),
} as const;
type Part = keyof typeof PARTS;
const NAMES = Object.keys(PARTS) as Part[];

export function ImprovePage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const session = useSession();
  const { tab } = useSearch({ from: '/inside/improve' });
  // What to do next is the shop's own matter; a client reads the plan, the reasons and the board.
  const names = NAMES.filter((name) => name !== 'playbook' || can(session, 'unmask'));
  const part: Part = names.find((p) => p === tab) ?? 'plan';
  return (
    <Page title={t('nav.improve')} lead={t('improve.lead')}>
      <Parts
        value={part}
        names={names}
        bodies={PARTS}
        label={(name) => t(`improve.tab.${name}`)}
        onChange={(value) => void navigate({ to: '/improve', search: { tab: value ?? undefined }, replace: true })}
      />
    </Page>
  );
}
