import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, Problem, setCsrf } from '~/api/client';
import type { LangCode } from '~/api/types';
import { setZone } from '~/design/format';

export type Role = 'administrator' | 'marketer' | 'supervisor' | 'operator' | 'client';

export interface Session {
  user: { id: string; email: string; name: string; language?: LangCode | null };
  role: Role;
  workspace: {
    id: string;
    name: string;
    simulated: boolean;
    language: LangCode;
    timezone: string;
    jurisdiction: string;
    currency: string;
  };
  workspaces: { id: string; name: string }[];
  csrf: string;
  campaign_now: string;
  clock: { speed: number; paused: boolean };
  public_url?: string | null;
}

const EVERY = [
  'import',
  'people',
  'insight',
  'audience',
  'campaign',
  'calls',
  'care',
  'voice',
  'settings',
  'unmask',
  'launch',
] as const;
export type Area = (typeof EVERY)[number];

// What a role is shown. The server decides again on every call; this only hides doors that would not open.
const AREAS: Record<Role, readonly Area[]> = {
  administrator: EVERY,
  marketer: ['import', 'people', 'insight', 'audience', 'campaign', 'care', 'voice', 'unmask', 'launch'],
  supervisor: ['people', 'insight', 'campaign', 'calls', 'care', 'voice', 'unmask'],
  operator: ['calls', 'care', 'voice'],
  client: ['insight', 'campaign', 'voice'],
};

export function can(session: Session, area: Area): boolean {
  return AREAS[session.role]?.includes(area) ?? false;
}

function begin(session: Session): void {
  setCsrf(session.csrf);
  setZone(session.workspace.timezone);
}

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  staleTime: 5 * 60_000,
  queryFn: async ({ signal }): Promise<Session | null> => {
    try {
      const session = await api.get<Session>('/api/me', undefined, signal);
      begin(session);
      return session;
    } catch (error) {
      if (error instanceof Problem && error.status === 401) return null;
      throw error;
    }
  },
});

export function useSignIn() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { email: string; password: string }) => api.post<Session>('/api/login', body),
    onSuccess: (session) => {
      begin(session);
      client.setQueryData(sessionQuery.queryKey, session);
    },
  });
}

export interface Founding {
  token: string;
  email: string;
  name: string;
  password: string;
  workspace_name: string;
  language: LangCode;
  jurisdiction: string;
  timezone: string;
  currency: string;
}

export function useSetup() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Founding) => api.post('/api/setup', body),
    onSuccess: () => client.refetchQueries({ queryKey: sessionQuery.queryKey }),
  });
}

export function useSignOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => api.post('/api/logout'),
    onSettled: () => {
      // Nothing of one person's work may be left for the next one at this screen.
      client.clear();
      window.location.assign('/login');
    },
  });
}
