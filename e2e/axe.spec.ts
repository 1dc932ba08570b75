import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { type Api, expect, type Lang, LETTERS, PAGES, prefer, settled, test } from './cabinet';
import { letters } from './tap';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

async function broken(page: Page, name: string): Promise<string[]> {
  // A letter is its author's; the page around it is ours.
  const { violations } = await new AxeBuilder({ page }).withTags(TAGS).exclude('iframe').analyze();
  return violations.map(
    (v) =>
      `${name}: ${v.id} ${v.nodes
        .map((n) => n.target.join(' '))
        .slice(0, 3)
        .join(' | ')}`,
  );
}

/** The pages that have an id in their address, as far as the base has such things. */
async function particular(api: Api): Promise<[string, string][]> {
  const out: [string, string][] = [];
  const campaigns = await api.get<{ items: { id: string; state: string }[] }>('/api/campaigns');
  for (const c of campaigns.items) {
    if (c.state !== 'draft') out.push(['campaign', `/campaigns/${c.id}`]);
    else
      for (const step of ['audience', 'letter', 'waves', 'holdout', 'check', 'launch'])
        out.push([`wizard ${step}`, `/campaigns/${c.id}/edit?step=${step}`]);
  }
  const people = await api.get<{ items: { id: string }[] }>('/api/customers?sort=value&limit=1');
  for (const c of people.items)
    for (const tab of ['timeline', 'orders', 'merges', 'graph'])
      out.push([`card ${tab}`, `/people/${c.id}?tab=${tab}`]);
  const segments = await api.get<{ items: { id: string }[] }>('/api/segments');
  for (const s of segments.items.slice(0, 1)) out.push(['segment', `/segments/${s.id}`]);
  return out;
}

/** Every page of the cabinet, without an error on it, in the language that was asked for. */
async function opened(page: Page, api: Api, lang: Lang, each: (name: string) => Promise<void>): Promise<void> {
  for (const [name, path] of [...PAGES, ...(await particular(api)), ['no page', '/nowhere'] as [string, string]]) {
    await page.goto(path);
    await settled(page);
    await expect(page.locator('main h1').first(), name).toBeAttached();
    await expect(page.locator('[role=alert]').filter({ has: page.locator('button') }), name).toHaveCount(0);
    expect(await page.evaluate(() => document.documentElement.lang)).toBe(lang);
    await each(name);
  }
}

for (const [scheme, lang] of [
  ['light', 'ru'],
  ['dark', 'en'],
] as const)
  test(`no page of the cabinet breaks WCAG 2.2 AA: ${scheme}, ${lang}`, async ({ page, api, context }) => {
    test.setTimeout(1_200_000);
    await prefer(context, lang, scheme);
    await opened(page, api, lang, async (name) => expect.soft(await broken(page, name)).toEqual([]));
  });

test('what opens over a page is clean', async ({ page, api, context }) => {
  await api.get('/api/me');
  await prefer(context, 'ru');
  const found: string[] = [];
  await page.goto('/people');
  await settled(page);
  await page.getByRole('gridcell').first().click();
  await expect(page.getByRole('complementary').getByRole('heading').nth(1)).toBeVisible();
  found.push(...(await broken(page, 'person beside the list')));
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('combobox', { name: 'Перейти, найти, сделать' })).toBeVisible();
  found.push(...(await broken(page, 'palette')));
  await page.goto('/base');
  await page.getByRole('button', { name: /^Клиентов/ }).click();
  await expect(page.getByRole('complementary').getByRole('row').nth(1)).toBeVisible();
  found.push(...(await broken(page, 'figure')));
  expect(found).toEqual([]);
});

test('no page is wider than a telephone, in Ukrainian', async ({ page, api, context }) => {
  test.setTimeout(1_200_000);
  await prefer(context, 'uk');
  await page.setViewportSize({ width: 390, height: 844 });
  const wide: string[] = [];
  await opened(page, api, 'uk', async (name) => {
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (over > 0) wide.push(`${name}: ${over} px`);
  });
  expect(wide).toEqual([]);
});

test('the login and the public pages are clean, light and dark', async ({ browser }) => {
  const text = letters(LETTERS).find((l) => /\/p\/[\w-]+/.test(l.text) && /\/u\/[\w-]+/.test(l.text))?.text ?? '';
  const paths = [
    '/login',
    '/setup?token=none',
    '/p/none',
    ...[/\/p\/[^\s?#)>\]]+/, /\/u\/[^\s?#)>\]]+/].map((r) => r.exec(text)?.[0] ?? ''),
  ];
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    const context = await browser.newContext({ colorScheme, viewport: { width: 390, height: 844 }, locale: 'ru-RU' });
    const page = await context.newPage();
    for (const path of paths.filter(Boolean)) {
      await page.goto(path);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      found.push(...(await broken(page, `${path.slice(0, 3)} ${colorScheme}`)));
    }
    await context.close();
  }
  expect(found).toEqual([]);
});
