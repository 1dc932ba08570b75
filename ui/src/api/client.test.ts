import { afterEach, describe, expect, it, vi } from 'vitest';
import { api, Problem, setCsrf, withQuery } from './client';

afterEach(() => vi.unstubAllGlobals());

function answer(status: number, body: unknown, type = 'application/json') {
  const spy = vi.fn(
    async (_path: string, _init: RequestInit) =>
      new Response(typeof body === 'string' ? body : JSON.stringify(body), {
        status,
        headers: { 'content-type': type },
      }),
  );
  vi.stubGlobal('fetch', spy);
  return spy;
}

describe('client', () => {
  it('carries the CSRF token and the idempotency key on writes only', async () => {
    setCsrf('token-1');
    const spy = answer(200, {});
    await api.post('/api/x', { a: 1 }, { idempotencyKey: 'k' });
    await api.get('/api/x');
    const [write, read] = spy.mock.calls.map((call) => call[1].headers as Record<string, string>);
    expect(write).toMatchObject({ 'x-csrf-token': 'token-1', 'idempotency-key': 'k' });
    expect(read).not.toHaveProperty('x-csrf-token');
  });

  it('turns problem details into an error that keeps the words of the server', async () => {
    answer(
      422,
      { title: 'Refused', detail: 'orders.csv, line 7: no date', code: 'bad_date' },
      'application/problem+json',
    );
    const error = await api.get('/api/x').catch((e: unknown) => e);
    expect(error).toBeInstanceOf(Problem);
    expect(error).toMatchObject({ status: 422, message: 'orders.csv, line 7: no date' });
  });

  it('tells a dead line from a refusal', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('failed')));
    const error = await api.get('/api/x').catch((e: unknown) => e);
    expect(error).toMatchObject({ offline: true });
  });

  it('survives an answer that is not JSON', async () => {
    answer(502, '<html>Bad gateway</html>', 'text/html');
    await expect(api.get('/api/x')).rejects.toMatchObject({ status: 502 });
  });

  it('leaves empty filters out of the address', () => {
    expect(withQuery('/p', { q: '', stage: 'lapsed', open: undefined, many: ['a', 'b'] })).toBe(
      '/p?stage=lapsed&many=a&many=b',
    );
  });
});
