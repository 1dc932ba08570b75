import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, newKey } from '~/api/client';
import type {
  Body,
  ByLang,
  Campaign,
  CampaignDraft,
  CampaignReport,
  CampaignRow,
  ChannelKind,
  Finding,
  Page,
  WaveDraft,
} from '~/api/types';

export const campaignsQuery = queryOptions({
  queryKey: ['campaigns'],
  queryFn: ({ signal }) => api.get<Page<CampaignRow>>('/api/campaigns', undefined, signal),
});

export function campaignQuery(id: string) {
  return queryOptions({
    queryKey: ['campaign', id],
    queryFn: ({ signal }) => api.get<Campaign>(`/api/campaigns/${id}`, undefined, signal),
  });
}

export function reportQuery(id: string, live = false, day?: number) {
  return queryOptions({
    queryKey: ['report', id, day],
    queryFn: ({ signal }) => api.get<CampaignReport>(`/api/campaigns/${id}/report`, { day }, signal),
    refetchInterval: live ? 5000 : false,
  });
}

export interface Check {
  ok: boolean;
  findings: Finding[];
}

export const KIND_OF = { email: 'letter', sms: 'sms', call: 'script' } as const;

/** The texts that the product ships for a channel, in every language. */
export async function defaultBodies(channel: ChannelKind, signal?: AbortSignal): Promise<ByLang<Body>> {
  const answer = await api.get<{ bodies?: ByLang<Body> } & ByLang<Body>>(
    '/api/templates/defaults',
    { kind: KIND_OF[channel] },
    signal,
  );
  return answer.bodies ?? { ru: answer.ru, uk: answer.uk, en: answer.en };
}

export function defaultsQuery(channel: ChannelKind) {
  return queryOptions({
    queryKey: ['template-defaults', channel],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: ({ signal }) => defaultBodies(channel, signal),
  });
}

export function newWave(channel: ChannelKind, first: boolean, from: { name: string; address: string }): WaveDraft {
  return {
    channel,
    after_days: first ? 0 : 7,
    target: first ? 'all' : 'silent',
    bodies: {},
    from_name: from.name,
    from_address: from.address,
    rate_per_second: null,
    variants: [],
  };
}

export function newDraft(name: string, from: { name: string; address: string }): CampaignDraft {
  return {
    name,
    kind: 'once',
    entry: 'segment',
    language: 'by-customer',
    segment_id: null,
    holdout_share: 0.1,
    goal: { kind: 'order', window_days: 30 },
    waves: [newWave('email', true, from), newWave('sms', false, from), newWave('call', false, from)],
  };
}

/** A journey starts as a standing series; without a shipped one it has the first letter and an SMS for the silent. */
export async function newJourney(
  name: string,
  from: { name: string; address: string },
  series?: string,
): Promise<CampaignDraft> {
  const shipped: Partial<WaveDraft>[] = series
    ? (await api.get<Page<{ after_days: number; bodies: ByLang<Body> }>>(`/api/templates/series/${series}`)).items
    : [
        { after_days: 0, bodies: await defaultBodies('email') },
        { channel: 'sms', target: 'silent', bodies: await defaultBodies('sms') },
      ];
  return {
    ...newDraft(name, from),
    kind: 'journey',
    entry: 'standing',
    waves: shipped.map((step) => ({ ...newStep('email', from), ...step })),
  };
}

/** A step of a journey goes to whoever is still on the way. */
export function newStep(channel: ChannelKind, from: { name: string; address: string }): WaveDraft {
  return { ...newWave(channel, true, from), after_days: 3 };
}

export type Turn = 'launch' | 'pause' | 'resume' | 'stop';

export function useTurn(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (turn: Turn) =>
      api.post(`/api/campaigns/${id}/${turn}`, {}, turn === 'launch' ? { idempotencyKey: newKey() } : undefined),
    onSuccess: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ['campaign', id] }),
        client.invalidateQueries({ queryKey: ['campaigns'] }),
        client.invalidateQueries({ queryKey: ['report', id] }),
      ]),
  });
}

/** How a step of the wizard changes the draft. */
export type Setter = (change: Partial<CampaignDraft>) => void;
export type WaveSetter = (index: number, change: Partial<WaveDraft>) => void;
