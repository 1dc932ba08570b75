import { Problem } from '~/api/client';

/** Codes of refusals that belong to one field of a form about a person. */
const FIELD: Record<string, string> = {
  phone_unreadable: 'phone',
  email_unreadable: 'email',
  nobody_named: 'name',
};

/** The field that a refusal is about: its own word first, else what its code says. */
export function fieldOf(error: unknown): { field: string; code: string } | undefined {
  if (!(error instanceof Problem) || error.status !== 422) return undefined;
  const code = error.body.code ?? '';
  const field = error.body.fields?.[0]?.path ?? FIELD[code];
  return field ? { field: field === 'full_name' ? 'name' : field, code } : undefined;
}
