import { TextInput } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Span } from './api';

/** Change of the address of the page of reviews. */
export function usePut() {
  const navigate = useNavigate();
  return (change: Record<string, string | undefined>) =>
    void navigate({ to: '/reviews', search: (old) => ({ ...old, ...change }), replace: true });
}

export function useSpan(): Span {
  const { from, to } = useSearch({ from: '/inside/reviews' });
  return { from, to };
}

/** The first and the last day; they stand in the address. */
export function Period() {
  const { t } = useTranslation();
  const put = usePut();
  const span = useSpan();
  return (
    <>
      {(['from', 'to'] as const).map((name) => (
        <TextInput
          key={name}
          size="xs"
          type="date"
          aria-label={t(`care.period.${name}`)}
          title={t(`care.period.${name}`)}
          value={span[name] ?? ''}
          onChange={(e) => put({ [name]: e.target.value || undefined })}
        />
      ))}
    </>
  );
}
