import AxeBuilder from '@axe-core/playwright';
import { expect, PAGES, prefer, settled, test } from './cabinet';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

for (const scheme of ['light', 'dark'] as const)
  test(`no page of the cabinet breaks WCAG 2.2 AA, ${scheme}`, async ({ page, api, context }) => {
    test.setTimeout(400_000);
    await prefer(context, 'ru', scheme);
    const { items } = await api.get<{ items: { id: string; state: string }[] }>('/api/campaigns');
    const people = await api.get<{ items: { id: string }[] }>('/api/customers?limit=1');
    const pages = [
      ...PAGES,
      ['login', '/login'] as [string, string],
      ...items.slice(0, 1).map((c): [string, string] => ['campaign', `/campaigns/${c.id}`]),
      ...people.items.map((c): [string, string] => ['card', `/people/${c.id}`]),
    ];
    const found: string[] = [];
    for (const [name, path] of pages) {
      await page.goto(path);
      await settled(page);
      // A letter of a campaign is its author's; the page around it is ours.
      const result = await new AxeBuilder({ page }).withTags(TAGS).exclude('iframe').exclude('canvas').analyze();
      for (const v of result.violations) found.push(`${name}: ${v.id} ${v.nodes.map((n) => n.target.join(' ')).slice(0, 3).join(' | ')}`);
    }
    expect(found).toEqual([]);
  });

test('the public preference page is clean and works without JavaScript', async ({ browser, api }) => {
  const { items } = await api.get<{ items: { id: string; state: string }[] }>('/api/campaigns');
  const campaign = items.find((c) => c.state !== 'draft');
  test.skip(!campaign, 'no campaign was launched');
  const link = process.env.OTKLIK_PREFERENCES;
  test.skip(!link, 'OTKLIK_PREFERENCES holds no signed link of the demo');
  const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 390, height: 800 } });
  const page = await context.newPage();
  await page.goto(link ?? '');
  await expect(page.getByRole('button').first()).toBeVisible();
  await context.close();
  const scripted = await browser.newPage();
  await scripted.goto(link ?? '');
  const result = await new AxeBuilder({ page: scripted }).withTags(TAGS).analyze();
  expect(result.violations.map((v) => v.id)).toEqual([]);
  await scripted.close();
});
