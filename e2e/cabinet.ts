import { type APIRequestContext, type BrowserContext, test as base, expect, type Page } from '@playwright/test';

const EMAIL = process.env.OTKLIK_EMAIL ?? 'admin@demo.otklik.test';
const PASSWORD = process.env.OTKLIK_PASSWORD ?? '';

/** The bookshop's files. */
export const FIXTURES = process.env.OTKLIK_FIXTURES ?? '../crates/demo/data';
/** Where the tap keeps the letters that passed. */
export const LETTERS = process.env.OTKLIK_LETTERS ?? '';

export type Lang = 'ru' | 'uk' | 'en';

/** Every page of the cabinet that an administrator can open. */
export const PAGES: [name: string, path: string][] = [
  ['import', '/import'],
  ['people', '/people'],
  ['review', '/people/review'],
  ['merges', '/people/merges'],
  ['base', '/base'],
  ['segments', '/segments'],
  ['segment-new', '/segments/new'],
  ['campaigns', '/campaigns'],
  ['calls', '/calls'],
  ['proof', '/proof'],
  ['inbox', '/inbox'],
  ['reviews-log', '/reviews?tab=log'],
  ['reviews-replies', '/reviews?tab=replies'],
  ['reviews-first', '/reviews?tab=first'],
  ['reviews-intake', '/reviews?tab=intake'],
  ['insight-value', '/insight?tab=value'],
  ['insight-journey', '/insight?tab=journey'],
  ['insight-churn', '/insight?tab=churn'],
  ['insight-metrics', '/insight?tab=metrics'],
  ['insight-cohorts', '/insight?tab=cohorts'],
  ['insight-rfm', '/insight?tab=rfm'],
  ['insight-models', '/insight?tab=models'],
  ['insight-calculators', '/insight?tab=calculators'],
  ['improve-plan', '/improve?tab=plan'],
  ['improve-drivers', '/improve?tab=drivers'],
  ['improve-talks', '/improve?tab=talks'],
  ['improve-offers', '/improve?tab=offers'],
  ['improve-playbook', '/improve?tab=playbook'],
  ['improve-board', '/improve?tab=board'],
  ['improve-benchmarks', '/improve?tab=benchmarks'],
  ['settings-workspace', '/settings?tab=workspace'],
  ['settings-users', '/settings?tab=users'],
  ['settings-tokens', '/settings?tab=tokens'],
  ['settings-senders', '/settings?tab=senders'],
  ['settings-catalogue', '/settings?tab=catalogue'],
  ['settings-consent', '/settings?tab=consent'],
  ['settings-stoplist', '/settings?tab=stoplist'],
  ['settings-audit', '/settings?tab=audit'],
];

export async function prefer(context: BrowserContext, lang: Lang, scheme: 'light' | 'dark' = 'light'): Promise<void> {
  await context.addInitScript(
    ([l, s]) => {
      // The preview of a letter is a sandbox without storage.
      if (window !== window.top) return;
      localStorage.setItem('otklik-lang', l as string);
      localStorage.setItem('otklik-scheme', s as string);
    },
    [lang, scheme],
  );
}

export async function signIn(page: Page): Promise<void> {
  const answer = await page.request.post('/api/login', { data: { email: EMAIL, password: PASSWORD } });
  expect(answer.ok(), `login as ${EMAIL}: ${answer.status()} ${await answer.text()}`).toBe(true);
}

/** The API with the session of the page: what a page shows is compared with what the server says. */
export class Api {
  private csrf = '';
  constructor(private readonly request: APIRequestContext) {}

  async get<T>(path: string): Promise<T> {
    const answer = await this.request.get(path);
    expect(answer.ok(), `GET ${path}: ${answer.status()} ${await answer.text()}`).toBe(true);
    return (await answer.json()) as T;
  }

  async post<T = unknown>(path: string, data: object = {}): Promise<T> {
    if (!this.csrf) this.csrf = (await this.get<{ csrf: string }>('/api/me')).csrf;
    const answer = await this.request.post(path, { data, headers: { 'x-csrf-token': this.csrf } });
    expect(answer.ok(), `POST ${path}: ${answer.status()} ${await answer.text()}`).toBe(true);
    const text = await answer.text();
    return (text ? JSON.parse(text) : undefined) as T;
  }
}

/** No script fails and the server breaks on nothing while a test runs. */
export const test = base.extend<{ api: Api; clean: undefined }>({
  api: async ({ page }, use) => {
    await signIn(page);
    await use(new Api(page.request));
  },
  clean: [
    async ({ page }, use) => {
      const wrong: string[] = [];
      page.on('pageerror', (error) => wrong.push(error.message));
      page.on('response', (response) => {
        if (response.status() >= 500) wrong.push(`${response.status()} ${response.url()}`);
      });
      await use(undefined);
      expect(wrong).toEqual([]);
    },
    { auto: true },
  ],
});

/** The page has settled: no skeleton, no error. */
export async function settled(page: Page, timeout = 120_000): Promise<void> {
  await expect(page.locator('main')).toBeVisible({ timeout });
  await expect(page.locator('[aria-busy="true"], .bone')).toHaveCount(0, { timeout });
}

export { expect };
