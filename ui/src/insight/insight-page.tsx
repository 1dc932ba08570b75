import { Tabs } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { Page } from '~/design/page';
import { BoneFigures } from '~/design/state';
import './insight.css';

const PARTS = {
  value: lazy(() => import('./value').then((m) => ({ default: m.ValuePart }))),
  churn: lazy(() => import('./churn').then((m) => ({ default: m.ChurnPart }))),
  metrics: lazy(() => import('./metrics').then((m) => ({ default: m.MetricsPart }))),
  cohorts: lazy(() => import('./maps').then((m) => ({ default: m.CohortsPart }))),
  rfm: lazy(() => import('./maps').then((m) => ({ default: m.RfmPart }))),
  models: lazy(() => import('./models').then((m) => ({ default: m.ModelsPart }))),
  calculators: lazy(() => import('./calculators').then((m) => ({ default: m.CalculatorsPart }))),
} as const;
type Part = keyof typeof PARTS;
const NAMES = Object.keys(PARTS) as Part[];

export function InsightPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { tab } = useSearch({ from: '/inside/insight' });
  const part: Part = NAMES.find((p) => p === tab) ?? 'value';
  return (
    <Page title={t('nav.insight')}>
      <Tabs
        value={part}
        keepMounted={false}
        onChange={(value) => void navigate({ to: '/insight', search: { tab: value ?? undefined }, replace: true })}
      >
        <Tabs.List>
          {NAMES.map((name) => (
            <Tabs.Tab key={name} value={name}>
              {t(`insight.tab.${name}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {NAMES.map((name) => {
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
