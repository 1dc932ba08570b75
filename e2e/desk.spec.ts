import { expect, prefer, test } from './cabinet';

test('an operator takes a task and closes it without the mouse', async ({ page, api, context }) => {
  await prefer(context, 'ru');
  await page.goto('/calls');
  await expect(page.getByRole('status').filter({ hasText: 'Готов' })).toBeVisible();
  const { counts } = await api.get<{ counts: { waiting: number } }>('/api/desk/tasks');
  test.skip(!counts || counts.waiting === 0, 'the call wave has not begun yet');
  await page.keyboard.press('n');
  await expect(page.getByRole('status').filter({ hasText: 'Разговор' })).toBeVisible();
  await expect(page.locator('.desk-number')).toContainText('+');
  await page.keyboard.press('5');
  await expect(page.getByRole('status').filter({ hasText: 'Постобработка' })).toBeVisible();
  await page.keyboard.press('Control+Enter');
  await expect(page.getByText(/Сделан 1 звонок/)).toBeVisible();
});
