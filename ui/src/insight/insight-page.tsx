import { useNavigate, useSearch } from '@tanstack/react-router';
import { lazy } from 'react';
import { useTranslation } from 'react-i18next';
import { Page } from '~/design/page';
import { Parts } from '~/design/parts';
import './insight.css';

const PARTS = {
  value: lazy(() => import('./value').then((m) => ({ default: m.ValuePart }))),
  journey: lazy(() => import('./journey').then((m) => ({ default: m.JourneyPart }))),
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
      <Parts
        value={part}
        names={NAMES}
        bodies={PARTS}
        label={(name) => t(`insight.tab.${name}`)}
        onChange={(value) => void navigate({ to: '/insight', search: { tab: value ?? undefined }, replace: true })}
      />
    </Page>
  );
}
