import { expect, test as plain } from '@playwright/test';
import { prefer, settled, signIn, test } from './cabinet';

plain('a stranger is sent to the login and learns what was wrong with it', async ({ page, context }) => {
  await prefer(context, 'ru');
  await page.goto('/people');
  await expect(page).toHaveURL(/\/login\?next=/);
  await page.getByLabel('Эл. почта').fill('nobody@example.test');
  await page.getByLabel('Пароль', { exact: true }).fill('wrong password');
  await page.getByRole('button', { name: 'Войти' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
});

plain('login by the form leads to where one wanted to go', async ({ page, context }) => {
  await prefer(context, 'ru');
  await page.goto('/segments');
  await page.getByLabel('Эл. почта').fill(process.env.OTKLIK_EMAIL ?? '');
  await page.getByLabel('Пароль', { exact: true }).fill(process.env.OTKLIK_PASSWORD ?? '');
  await page.getByRole('button', { name: 'Войти' }).click();
  await expect(page).toHaveURL(/\/segments/);
  await expect(page.getByRole('heading', { level: 1, name: 'Сегменты' })).toBeVisible();
});

test('the palette opens by Ctrl+K and goes to a page by the keyboard alone', async ({ page, context }) => {
  await signIn(page);
  await prefer(context, 'ru');
  await page.goto('/base');
  await settled(page);
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Перейти, найти, сделать' }).fill('Когорты');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Перейти, найти, сделать' }).fill('Сегменты');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/segments/);
});

test('the clock of the simulation can be paused and stepped', async ({ page, api, context }) => {
  await prefer(context, 'ru');
  await page.goto('/base');
  const ribbon = page.locator('.ribbon');
  await expect(ribbon.getByText('Симуляция')).toBeVisible();
  await ribbon.getByRole('button', { name: /Пауза|Пустить время/ }).waitFor();
  if (await ribbon.getByRole('button', { name: 'Пауза' }).isVisible())
    await ribbon.getByRole('button', { name: 'Пауза' }).click();
  await expect(ribbon.getByRole('button', { name: 'Пустить время' })).toBeVisible();
  const before = await api.get<{ campaign_now: string }>('/api/me');
  await ribbon.getByRole('button', { name: '+1 день' }).click();
  await expect
    .poll(async () => Date.parse((await api.get<{ campaign_now: string }>('/api/me')).campaign_now))
    .toBeGreaterThanOrEqual(Date.parse(before.campaign_now) + 86_000_000);
  await ribbon.getByRole('button', { name: 'Пустить время' }).click();
});
