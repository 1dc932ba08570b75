import { expect, prefer, settled, test } from './cabinet';

test('churn board, RFM map and cohorts open their people', async ({ page, api, context }) => {
  await prefer(context, 'ru');
  await api.get('/api/me');
  await page.goto('/insight?tab=rfm');
  await settled(page);
  await page.locator('.rfm-map button').first().click();
  await expect(page.getByRole('complementary').getByRole('row').nth(1)).toBeVisible();
  await page.goto('/insight?tab=cohorts');
  await page.locator('.heat button').first().click();
  await expect(page.getByRole('complementary').getByRole('row').nth(1)).toBeVisible();
  await page.goto('/insight?tab=churn');
  await settled(page);
  await page.getByRole('button', { name: 'Очередь на сегодня' }).click();
  await expect(page.getByRole('complementary')).toBeVisible();
});

test('a chart has a table twin that says the same', async ({ page, api, context }) => {
  await prefer(context, 'ru');
  const health = await api.get<{ age: { month: string; customers: number }[] }>('/api/base-health');
  await page.goto('/base');
  await settled(page);
  const card = page.locator('section.card', { hasText: 'Когда покупали последний раз' });
  await card.getByText('Таблица', { exact: true }).click({ force: true });
  await expect(card.getByRole('row')).toHaveCount(health.age.length + 1);
});

test('calculators answer as the command line does', async ({ page, api, context }) => {
  await prefer(context, 'ru');
  const answer = await api.post<{ per_arm: number }>('/api/stat/sample-size', { baseline: 0.05, mde: 0.01 });
  await page.goto('/insight?tab=calculators');
  const card = page.locator('section.card', { hasText: 'Размер выборки' });
  await expect(card.locator('.calc-answer')).toContainText(new Intl.NumberFormat('ru-RU').format(answer.per_arm));
});
