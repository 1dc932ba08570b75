import { expect, PAGES, prefer, settled, test } from './cabinet';

test('every page opens without an error', async ({ page, api, context }) => {
  test.setTimeout(600_000);
  await prefer(context, 'ru');
  await api.get('/api/me');
  for (const [name, path] of PAGES) {
    await page.goto(path);
    await settled(page);
    await expect(page.locator('main h1').first(), name).toBeVisible();
  }
});
