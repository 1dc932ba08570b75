import { expect, prefer, settled, test } from './cabinet';

test('people: before and after, search in Cyrillic, card with contacts and orders', async ({ page, api, context }) => {
  await prefer(context, 'ru');
  const dedup = await api.get<{ before: number; after: number }>('/api/dedup');
  expect(dedup.after).toBeLessThan(dedup.before);
  const { items } = await api.get<{ items: { id: string; name: string }[] }>('/api/customers?limit=40');
  const person = items.find((c) => c.name.split(' ').length > 1);
  if (!person) throw new Error('the demo has people with full names');
  await page.goto('/people');
  await settled(page);
  await page
    .getByRole('textbox', { name: 'Имя, телефон, почта или номер заказа' })
    .fill((person.name.split(' ')[0] ?? '').toUpperCase());
  const row = page.getByRole('gridcell', { name: person.name }).first();
  await expect(row).toBeVisible();
  await row.click();
  const panel = page.getByRole('complementary');
  await expect(panel.getByText('Контакты')).toBeVisible();
  await panel.getByRole('link', { name: 'Карточка' }).click();
  await expect(page.getByRole('tab', { name: 'История' })).toBeVisible();
  await page.getByRole('tab', { name: 'Граф связей' }).click();
  await expect(page.locator('.react-flow__node').first()).toBeVisible();
});

test('review: a pair is decided by M or K and taken back by U', async ({ page, api, context }) => {
  await prefer(context, 'ru');
  const open = (await api.get<{ review_open: number }>('/api/dedup')).review_open;
  test.skip(open === 0, 'no doubtful pairs in this base');
  await page.goto('/people/review');
  await expect(page.getByRole('button', { name: /Один человек/ })).toBeVisible();
  await page.keyboard.press('k');
  await expect.poll(async () => (await api.get<{ review_open: number }>('/api/dedup')).review_open).toBe(open - 1);
  await expect(page.getByRole('button', { name: /^Отменить U/ }).first()).toBeEnabled();
  await page.keyboard.press('u');
  await expect.poll(async () => (await api.get<{ review_open: number }>('/api/dedup')).review_open).toBe(open);
});

test('every merge is explained and can be undone', async ({ page, api, context }) => {
  await prefer(context, 'ru');
  const { items } = await api.get<{ items: { id: string }[] }>('/api/merges?limit=1');
  test.skip(items.length === 0, 'no merges in this base');
  await page.goto('/people/merges');
  await page.getByRole('grid').getByRole('row').nth(1).getByRole('gridcell').first().click();
  await expect(
    page.getByRole('complementary').getByText('Плюс говорит за одного человека', { exact: false }),
  ).toBeVisible();
});
