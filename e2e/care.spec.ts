import { expect, prefer, settled, test } from './cabinet';

test('a negative review becomes a case, is answered by keyboard and closed', async ({ page, api, context }) => {
  await prefer(context, 'ru');
  const { campaign_now } = await api.get<{ campaign_now: string }>('/api/me');
  const words = `Заказ опоздал ${Date.now()}`;
  const mention = { platform: 'google', author: 'Ольга Новая', text: words, rating: 1, published_at: campaign_now };
  const taken = await api.post<{ added: number; cases: number }>('/api/mentions', { mentions: [mention] });
  expect(taken).toMatchObject({ added: 1, cases: 1 });
  expect(await api.post('/api/mentions', { mentions: [mention] })).toMatchObject({ added: 0, known: 1 });

  await page.goto('/reviews');
  await settled(page);
  await page.getByRole('link', { name: words }).click();
  await expect(page.getByRole('heading', { name: 'Ольга Новая' })).toBeVisible();
  await page.keyboard.press('a');
  await expect(page.getByRole('button', { name: /Отдать/ })).toBeVisible();
  await page.keyboard.press('r');
  await page.getByRole('textbox', { name: /Ответ/ }).fill('Простите, везём сегодня');
  await page.keyboard.press('Control+Enter');
  await expect(page.locator('.inbox-item .pill', { hasText: 'Ответ дан' }).first()).toBeVisible();
  await page.getByRole('textbox', { name: 'Что сделано' }).fill('Доставили, вернули стоимость доставки');
  await page.getByRole('button', { name: 'Закрыть обращение' }).click();
  await expect(page.getByRole('button', { name: /Открыть снова/ })).toBeVisible();
});

test('figures of reviews open their lists', async ({ page, api, context }) => {
  await prefer(context, 'ru');
  const report = await api.get<{ unanswered: number }>('/api/replies');
  await page.goto('/reviews?tab=replies');
  await settled(page);
  await page
    .getByRole('button', { name: /^Без ответа/ })
    .first()
    .click();
  await expect(page).toHaveURL(/reply=unanswered/);
  const list = await api.get<{ items: unknown[] }>('/api/mentions?reply=unanswered&limit=200');
  expect(list.items.length).toBe(Math.min(report.unanswered, 200));
});
