import { expect, PAGES, prefer, settled, test } from './cabinet';

test('every page opens without an error', async ({ page, api, context }) => {
  test.setTimeout(1_500_000);
  await prefer(context, 'ru');
  // The simulated people rest meanwhile: on a small machine they and the models would make every page wait.
  await api.post('/api/clock', { action: 'pause' });
  for (const [name, path] of PAGES) {
    await page.goto(path);
    await settled(page, 240_000);
    await expect(page.locator('main h1').first(), name).toBeVisible();
  }
  await api.post('/api/clock', { action: 'run' });
});
