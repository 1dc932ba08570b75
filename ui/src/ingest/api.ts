import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, newKey, upload } from '~/api/client';
import type { Import, LegalBasis, Page, Preview, Source } from '~/api/types';

export const ROLES = [
  'order_id',
  'order_date',
  'delivery_date',
  'items',
  'amount',
  'quantity',
  'price',
  'currency',
  'status',
  'promo_code',
  'channel',
  'customer_key',
  'full_name',
  'given_name',
  'family_name',
  'patronymic',
  'email',
  'phone',
  'social',
  'address',
  'street',
  'house',
  'city',
  'region',
  'postcode',
  'country',
  'birth_date',
  'national_id',
  'record_id',
  'note',
  'other',
  'ignore',
] as const;
export type RoleName = (typeof ROLES)[number];

export const sourcesQuery = queryOptions({
  queryKey: ['sources'],
  queryFn: ({ signal }) => api.get<Page<Source>>('/api/sources', undefined, signal),
});

export const importsQuery = queryOptions({
  queryKey: ['imports'],
  queryFn: ({ signal }) => api.get<Page<Import>>('/api/imports', { limit: 50 }, signal),
  // A running import is watched by events; this only catches what a lost line missed.
  refetchInterval: (query) => (query.state.data?.items.some((i) => i.state === 'running') ? 4000 : false),
});

export function importQuery(id: string) {
  return queryOptions({
    queryKey: ['import', id],
    queryFn: ({ signal }) => api.get<Import>(`/api/imports/${id}`, undefined, signal),
    refetchInterval: (query) => (query.state.data?.state === 'running' ? 2000 : false),
  });
}

/** What the person may set differently from the guess. */
export interface FileChoice {
  encoding: string;
  delimiter: string;
  header: boolean;
  date_order: string;
  currency: string;
}

export function previewFile(
  file: File,
  choice: Partial<FileChoice>,
  onProgress: (share: number) => void,
): Promise<Preview> {
  const form = new FormData();
  for (const [name, value] of Object.entries(choice))
    if (value !== '') form.append(name, value === '\t' ? 'tab' : String(value));
  form.append('file', file, file.name);
  return upload<Preview>('/api/imports/preview', form, onProgress);
}

export interface MappingBody {
  file: Record<string, unknown>;
  columns: Record<string, string | string[]>;
}

/** Roles by column become columns by role; several columns may share one role. */
export function mappingOf(preview: Preview, roles: string[], choice: FileChoice): MappingBody {
  const columns: Record<string, string | string[]> = {};
  preview.columns.forEach((column, i) => {
    const role = roles[i];
    if (!role) return;
    const before = columns[role];
    columns[role] = before === undefined ? column.header : [before, column.header].flat();
  });
  // The line of the headers was found by the server; only its absence is the person's own word.
  const file: Record<string, unknown> = { header: choice.header ? (preview.header_row ?? true) : false };
  if (choice.encoding) file.encoding = choice.encoding;
  if (choice.delimiter) file.delimiter = choice.delimiter === '\t' ? 'tab' : choice.delimiter;
  if (/^(dmy|mdy|ymd)$/.test(choice.date_order)) file.date_order = choice.date_order;
  if (choice.currency) file.currency = choice.currency;
  return { file, columns };
}

export function startImport(uploadId: string, source: string, mapping: MappingBody): Promise<Import> {
  return api.post<Import>('/api/imports', { upload_id: uploadId, source, mapping }, { idempotencyKey: newKey() });
}

export function useUndoImport() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (id: string) => {
      await api.post(`/api/imports/${id}/undo`);
      // The server takes its time over a large file; the button turns until it is done.
      for (;;) {
        const now = await api.get<Import>(`/api/imports/${id}`);
        if (now.state !== 'done') return now;
        await new Promise((later) => setTimeout(later, 400));
      }
    },
    onSuccess: () => client.invalidateQueries(),
  });
}

export function useSetBasis() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, legal_basis }: { id: string; legal_basis: LegalBasis[] }) =>
      api.patch(`/api/sources/${id}`, { legal_basis }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['sources'] }),
  });
}
