import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, PAGES, prefer, settled, test } from './cabinet';

// Pictures to be looked at by a person; an artifact of the run, never committed.
const folder = process.env.OTKLIK_SHOTS ?? 'test-results/shots';

const LOOKS = [
  { lang: 'ru', scheme: 'light', width: 1440, height: 900 },
  { lang: 'ru', scheme: 'dark', width: 1440, height: 900 },
  { lang: 'ru', scheme: 'light', width: 390, height: 844 },
  { lang: 'uk', scheme: 'light', width: 1440, height: 900 },
  { lang: 'en', scheme: 'light', width: 1440, height: 900 },
  { lang: 'en', scheme: 'dark', width: 390, height: 844 },
] as const;

for (const look of LOOKS)
  test(`pictures: ${look.lang} ${look.scheme} ${look.width}`, async ({ page, api, context }) => {
    test.setTimeout(1_500_000);
    await prefer(context, look.lang, look.scheme);
    await page.setViewportSize(look);
    const { items } = await api.get<{ items: { id: string; state: string }[] }>('/api/campaigns');
    const people = await api.get<{ items: { id: string }[] }>('/api/customers?sort=value&limit=1');
    const launched = items.find((c) => c.state !== 'draft');
    const draft = items.find((c) => c.state === 'draft');
    const pages: [string, string][] = [
      ...PAGES,
      ...(launched ? [['campaign', `/campaigns/${launched.id}`] as [string, string]] : []),
      ...(draft
        ? (['audience', 'letter', 'waves', 'holdout', 'check', 'launch'].map((s) => [
            `wizard-${s}`,
            `/campaigns/${draft.id}/edit?step=${s}`,
          ]) as [string, string][])
        : []),
      ...people.items.map((c): [string, string] => ['card', `/people/${c.id}`]),
    ];
    mkdirSync(folder, { recursive: true });
    for (const [name, path] of pages) {
      await page.goto(path);
      await settled(page);
      await page.waitForTimeout(350);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(wide, `${name} is wider than the window of ${look.width}`).toBeLessThanOrEqual(0);
      await page.screenshot({
        path: join(folder, `${name}.${look.lang}.${look.scheme}.${look.width}.png`),
        fullPage: true,
      });
    }
  });
