import { queryOptions, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '~/api/client';
import type { LangCode, Page } from '~/api/types';
import { useWord } from '~/i18n/word';
import type {
  Benchmark,
  Board,
  Brief,
  Coaching,
  Drivers,
  LeavingReason,
  Loyal,
  Objection,
  ObjectionReport,
  Offer,
  Plan,
  Texts,
  Words,
} from './types';

export const reasonsQuery = queryOptions({
  queryKey: ['leaving-reasons'],
  staleTime: 5 * 60_000,
  queryFn: ({ signal }) => api.get<Page<LeavingReason>>('/api/leaving-reasons', undefined, signal),
});

export const driversQuery = queryOptions({
  queryKey: ['insight', 'drivers'],
  queryFn: ({ signal }) => api.get<Drivers>('/api/insight/drivers', undefined, signal),
});

export const boardQuery = queryOptions({
  queryKey: ['improvements'],
  queryFn: ({ signal }) => api.get<Board>('/api/improvements', undefined, signal),
});

export const benchmarksQuery = queryOptions({
  queryKey: ['benchmarks'],
  queryFn: ({ signal }) => api.get<Page<Benchmark>>('/api/benchmarks', undefined, signal),
});

export const loyalQuery = queryOptions({
  queryKey: ['insight', 'loyal'],
  queryFn: ({ signal }) => api.get<Loyal>('/api/insight/loyal', undefined, signal),
});

export const briefQuery = queryOptions({
  queryKey: ['brief'],
  queryFn: ({ signal }) => api.get<Brief>('/api/brief', undefined, signal),
});

export function planQuery(campaign?: string) {
  return queryOptions({
    queryKey: ['plan', campaign ?? ''],
    queryFn: ({ signal }) => api.get<Plan>('/api/plan', { campaign }, signal),
  });
}

export const objectionsQuery = queryOptions({
  queryKey: ['objections'],
  staleTime: 60_000,
  queryFn: ({ signal }) => api.get<Page<Objection>>('/api/objections', undefined, signal),
});

export function objectionReportQuery(campaign: string) {
  return queryOptions({
    queryKey: ['objection-report', campaign],
    queryFn: ({ signal }) => api.get<ObjectionReport>('/api/objections/report', { campaign }, signal),
  });
}

export const coachingQuery = queryOptions({
  queryKey: ['coaching'],
  queryFn: ({ signal }) => api.get<Coaching>('/api/coaching', undefined, signal),
});

export const offersQuery = queryOptions({
  queryKey: ['offers'],
  queryFn: ({ signal }) => api.get<Page<Offer>>('/api/offers', undefined, signal),
});

/** Words in a language, else in the first that there is. */
export function objectionWords(of: { texts: Texts }, lang: LangCode): Words {
  return of.texts[lang] ?? Object.values(of.texts)[0] ?? { name: '', answer: '' };
}

/** What customers say, by code, in the reader's language. */
export function useObjectionName(): (code: string) => string {
  const { i18n } = useTranslation();
  const library = useQuery(objectionsQuery);
  return (code) => {
    const found = library.data?.items.find((o) => o.code === code);
    return (found && objectionWords(found, i18n.language as LangCode).name) || code;
  };
}

/** What a coaching task is about: `objection:dear`, or `consent` for all talks. */
export function useTopicName(): (topic: string) => string {
  const { t } = useTranslation();
  const name = useObjectionName();
  return (topic) =>
    topic.startsWith('objection:')
      ? t('improve.coaching.onObjection', { name: name(topic.slice('objection:'.length)) })
      : t('improve.coaching.onConsent');
}

/** A reason in the shop's own words, else in the catalogue's. */
export function useReasonName(): (reason: { code: string; name: string }) => string {
  const word = useWord();
  return ({ code, name }) => name || word(`reason.${code}`);
}

/** What an improvement or a recommendation is about: `reason:delivery`, `driver:service`, `signal:overdue`, `onboarding`. */
export function useGapName(reasons: LeavingReason[]): (gap: string, name?: string) => string {
  const { t } = useTranslation();
  const word = useWord();
  const reasonName = useReasonName();
  return (gap, name) => {
    const [kind, code] = gap.split(':');
    if (!gap) return t('improve.noReason');
    if (kind === 'reason' && code)
      return reasonName({ code, name: name || (reasons.find((r) => r.code === code)?.name ?? '') });
    if (kind === 'driver') return word(`improve.driver.${code}`);
    if (kind === 'signal') return word(`signalName.${code}`);
    return word(`improve.gap.${gap}`);
  };
}

/** What an offer answers: as a gap, or `objection:dear`. */
export function useOfferGapName(): (gap: string) => string {
  const reasons = useQuery(reasonsQuery);
  const gapName = useGapName(reasons.data?.items ?? []);
  const objection = useObjectionName();
  return (gap) => (gap.startsWith('objection:') ? `«${objection(gap.slice('objection:'.length))}»` : gapName(gap));
}
