import { Tabs } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '~/access/session';
import { useSession } from '~/app/router';
import { Page } from '~/design/page';
import { BoneFigures } from '~/design/state';
import './improve.css';

const PARTS = {
  plan: lazy(() => import('./plan').then((m) => ({ default: m.PlanPart }))),
  drivers: lazy(() => import('./drivers').then((m) => ({ default: m.DriversPart }))),
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
      <Tabs
        value={part}
        keepMounted={false}
        onChange={(value) => void navigate({ to: '/improve', search: { tab: value ?? undefined }, replace: true })}
      >
        <Tabs.List>
          {names.map((name) => (
            <Tabs.Tab key={name} value={name}>
              {t(`improve.tab.${name}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {names.map((name) => {
          const Body = PARTS[name];
          return (
            <Tabs.Panel key={name} value={name} pt={16}>
              <Suspense
                fallback={
                  <div aria-busy="true">
                    <BoneFigures count={5} />
                  </div>
                }
              >
                <Body />
              </Suspense>
            </Tabs.Panel>
          );
        })}
      </Tabs>
    </Page>
  );
}
