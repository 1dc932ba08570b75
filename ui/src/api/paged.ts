import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { api, type Query } from './client';
import type { Page } from './types';

/** A list by cursor. `body` turns the question into a POST, for rules that do not fit into an address. */
export function usePaged<T>(key: unknown[], path: string, query: Query = {}, body?: object, enabled = true) {
  const result = useInfiniteQuery({
    queryKey: [...key, path, query, body],
    enabled,
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      body
        ? api.post<Page<T>>(path, { ...body, cursor: pageParam || undefined, limit: 100 }, { signal })
        : api.get<Page<T>>(path, { ...query, cursor: pageParam, limit: 100 }, signal),
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const rows = useMemo(() => result.data?.pages.flatMap((page) => page.items), [result.data]);
  return {
    rows,
    total: result.data?.pages[0]?.total,
    error: result.error,
    pending: result.isPending,
    refetch: result.refetch,
    more: result.hasNextPage,
    fetchMore: () => {
      if (result.hasNextPage && !result.isFetchingNextPage) void result.fetchNextPage();
    },
  };
}
