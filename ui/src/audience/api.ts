import { queryOptions } from '@tanstack/react-query';
import { api } from '~/api/client';
import type { Page } from '~/api/types';
import type { Rule } from './rule';

export interface Segment {
  id: string;
  name: string;
  rule: Rule;
  customers?: number | null;
  updated_at?: string;
}

export const segmentsQuery = queryOptions({
  queryKey: ['segments'],
  queryFn: ({ signal }) => api.get<Page<Segment>>('/api/segments', undefined, signal),
});
