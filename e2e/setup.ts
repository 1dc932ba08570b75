import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from '@playwright/test';
import { listen } from './tap';

/** Opens the tap that the story puts between the product and the simulated people's mail server. */
export default async function setup(): Promise<() => Promise<void>> {
  const api = await request.newContext({ baseURL: process.env.OTKLIK_URL });
  const login = { email: process.env.OTKLIK_EMAIL, password: process.env.OTKLIK_PASSWORD };
  const signed = await api.post('/api/login', { data: login });
  if (!signed.ok()) throw new Error(`login: ${signed.status()} ${await signed.text()}`);
  const { csrf } = (await (await api.get('/api/me')).json()) as { csrf: string };
  const { config } = (await (await api.get('/api/senders/email')).json()) as { config: { port: number } };
  const kept = process.env.OTKLIK_LETTERS;
  const folder = kept ?? mkdtempSync(join(tmpdir(), 'otklik-letters-'));
  const tap = await listen(config.port, folder);
  process.env.OTKLIK_TAP = String(tap.port);
  process.env.OTKLIK_LETTERS = folder;
  return async () => {
    await api.put('/api/senders/email', { data: { config }, headers: { 'x-csrf-token': csrf } });
    await api.dispose();
    tap.close();
    if (!kept) rmSync(folder, { recursive: true, force: true });
  };
}
