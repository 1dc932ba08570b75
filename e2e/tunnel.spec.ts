import { expect, prefer, settled, test } from './cabinet';

interface Report {
  people: number;
  holdout: number;
  journey: Record<string, number>;
}

test('a journey is launched empty, a segment is sent into it, and its page says where everybody is', async ({
  page,
  api,
  context,
}) => {
  await prefer(context, 'ru');
  const name = `Туннель ${Date.now()}`;
  await page.goto('/campaigns');
  await page.getByRole('link', { name: 'Новый туннель' }).click();
  await expect(page.getByRole('radio', { name: 'Только вручную' })).toBeChecked();
  await page.getByRole('textbox', { name: 'Название кампании' }).fill(name);
  await expect(page.getByText('Сохранено', { exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'Запуск' }).click();
  await page.getByTestId('launch').click();
  await page.getByTestId('launch-yes').click();
  await expect(page.getByRole('heading', { name: 'Где люди сейчас' })).toBeVisible();
  const id = page.url().match(/campaigns\/(\d+)/)?.[1];
  const report = () => api.get<Report>(`/api/campaigns/${id}/report`);
  expect((await report()).people).toBe(0);

  const segments = await api.get<{ items: { id: string }[] }>('/api/segments');
  await page.goto(`/segments/${segments.items[0]?.id}`);
  await settled(page);
  await page.getByRole('button', { name: 'Отправить в туннель' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByText(/^Войд/)).toBeVisible();
  await dialog.getByRole('button', { name: 'Отправить в туннель' }).click();
  await expect(dialog).toBeHidden();
  await expect.poll(async () => (await report()).people).toBeGreaterThan(0);
  // The first letter goes at once: everybody who walks waits for the second step then.
  await expect.poll(async () => (await report()).journey['step.2'] ?? 0).toBeGreaterThan(0);
  const seen = await report();
  expect(Object.values(seen.journey).reduce((a, b) => a + b, 0) + seen.holdout).toBe(seen.people);

  await page.goto(`/campaigns/${id}`);
  await settled(page);
  await page.getByRole('button', { name: /^Ждут шага 2/ }).click();
  await expect(page.getByRole('complementary').getByRole('row').nth(1)).toBeVisible();
});
