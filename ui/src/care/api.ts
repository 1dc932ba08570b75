import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, Problem } from '~/api/client';
import { useProblemText } from '~/design/state';
import { failed } from '~/design/toast';
import type { CareCard, CareItem, CareSettings, FirstContactReport, InboxCounts, ReplyReport } from './types';

/** Everything of this slice hangs below one key: a change anywhere makes it all be read again. */
const CARE = 'care';

export const countsQuery = queryOptions({
  queryKey: [CARE, 'counts'],
  refetchInterval: 60_000,
  queryFn: ({ signal }) => api.get<InboxCounts>('/api/inbox/counts', undefined, signal),
});

export function cardQuery(id: string) {
  return queryOptions({
    queryKey: [CARE, 'item', id],
    queryFn: ({ signal }) => api.get<CareCard>(`/api/inbox/${id}`, undefined, signal),
  });
}

export const settingsQuery = queryOptions({
  queryKey: [CARE, 'settings'],
  queryFn: ({ signal }) => api.get<CareSettings>('/api/care-settings', undefined, signal),
});

export interface Span {
  from?: string;
  to?: string;
}

export function repliesQuery(span: Span) {
  return queryOptions({
    queryKey: [CARE, 'replies', span],
    queryFn: ({ signal }) => api.get<ReplyReport>('/api/replies', { ...span }, signal),
  });
}

export function firstQuery(span: Span) {
  return queryOptions({
    queryKey: [CARE, 'first', span],
    queryFn: ({ signal }) => api.get<FirstContactReport>('/api/contacts/first', { ...span }, signal),
  });
}

export type Act =
  | { verb: 'change'; body: Record<string, unknown> }
  | { verb: 'answer'; body: { text: string } }
  | { verb: 'close'; body: { outcome: string; resolution: string } }
  | { verb: 'back'; body: object };

/** Does one thing with an item as it is seen; when a colleague was quicker, their state is shown and nothing is lost. */
export function useAct(item: CareItem) {
  const client = useQueryClient();
  const problem = useProblemText();
  return useMutation({
    mutationFn: ({ verb, body }: Act) => {
      const all = { ...body, seen: item.updated_at };
      return verb === 'change'
        ? api.patch<CareCard>(`/api/inbox/${item.id}`, all)
        : api.post<CareCard>(`/api/inbox/${item.id}/${verb}`, all);
    },
    onSuccess: (card) => {
      client.setQueryData(cardQuery(item.id).queryKey, card);
      void client.invalidateQueries({ queryKey: [CARE] });
      void client.invalidateQueries({ queryKey: ['timeline'] });
    },
    onError: (error) => {
      failed(problem(error));
      if (error instanceof Problem && error.status === 409) void client.invalidateQueries({ queryKey: [CARE] });
    },
  });
}

export function useRefreshCare() {
  const client = useQueryClient();
  return () => void client.invalidateQueries({ queryKey: [CARE] });
}
