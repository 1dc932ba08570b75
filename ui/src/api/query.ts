import { QueryClient } from '@tanstack/react-query';
import { Problem } from './client';

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      gcTime: 10 * 60_000,
      refetchOnWindowFocus: true,
      // A refusal will not change by asking again; a broken line may.
      retry: (count, error) => (error instanceof Problem && error.status > 0 && error.status < 500 ? false : count < 2),
    },
    mutations: { retry: false },
  },
});
