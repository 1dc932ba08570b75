import { queryOptions } from '@tanstack/react-query';
import { api } from '~/api/client';
import type { CustomerCard, CustomerRow, Dedup, ModelVersion, Page, ReviewQueue } from '~/api/types';

export interface Found {
  id: string;
  name: string;
  hint?: string;
  contact?: string;
}

export async function findPeople(search: string, signal?: AbortSignal): Promise<Found[]> {
  const page = await api.get<Page<CustomerRow>>('/api/customers', { search, limit: 8 }, signal);
  return page.items.map((c) => ({
    id: c.id,
    name: c.name,
    hint: c.city ?? undefined,
    contact: c.phones[0] ?? c.emails[0],
  }));
}

export function cardQuery(id: string) {
  return queryOptions({
    queryKey: ['customer', id],
    queryFn: ({ signal }) => api.get<CustomerCard>(`/api/customers/${id}`, undefined, signal),
  });
}

export const dedupQuery = queryOptions({
  queryKey: ['dedup'],
  queryFn: ({ signal }) => api.get<Dedup>('/api/dedup', undefined, signal),
});

export const modelsQuery = queryOptions({
  queryKey: ['dedup', 'models'],
  queryFn: ({ signal }) => api.get<Page<ModelVersion>>('/api/dedup/models', undefined, signal),
});

export const REVIEW_ORDERS = ['value', 'likely', 'unlikely', 'name'] as const;
export const REVIEW_FIELDS = [
  'surname',
  'given_name',
  'patronymic',
  'phone',
  'email',
  'address',
  'birth_date',
] as const;

export function reviewsQuery(asked: { sort?: string; differs?: string; name?: string; later?: string } = {}) {
  return queryOptions({
    queryKey: ['reviews', asked],
    queryFn: ({ signal }) => api.get<ReviewQueue>('/api/reviews', { ...asked, limit: 20 }, signal),
  });
}
