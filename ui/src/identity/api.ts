import { queryOptions } from '@tanstack/react-query';
import { api } from '~/api/client';
import type { CustomerCard, CustomerRow, Dedup, ModelVersion, Page, ReviewPair } from '~/api/types';

export interface Found {
  id: string;
  name: string;
  hint?: string;
}

export async function findPeople(search: string, signal?: AbortSignal): Promise<Found[]> {
  const page = await api.get<Page<CustomerRow>>('/api/customers', { search, limit: 8 }, signal);
  return page.items.map((c) => ({ id: c.id, name: c.name, hint: c.city ?? undefined }));
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

export const reviewsQuery = queryOptions({
  queryKey: ['reviews'],
  queryFn: ({ signal }) => api.get<Page<ReviewPair>>('/api/reviews', { limit: 20 }, signal),
});
