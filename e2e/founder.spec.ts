import { expect, type Page, test } from '@playwright/test';
import { prefer } from './cabinet';

async function found(page: Page, link: string): Promise<void> {
  await page.goto(link);
  await expect(page.getByRole('heading', { level: 1, name: 'Первый администратор' })).toBeVisible();
  await page.getByLabel('Название магазина или контакт-центра').fill('Новый магазин');
  await page.getByLabel('Ваше имя').fill('Проверочная Мария');
  await page.getByLabel('Эл. почта').fill('maria@bookshop.example');
  await page.getByLabel('Пароль, не короче 10 знаков').fill('short');
  await page.getByLabel('Пароль ещё раз').fill('short');
  await page.getByRole('button', { name: 'Создать и войти' }).click();
  await expect(page.getByText('Нужно не меньше 10 знаков')).toBeVisible();
  await page.getByLabel('Пароль, не короче 10 знаков').fill('long enough 10');
  await page.getByLabel('Пароль ещё раз').fill('long enough 10');
  await page.getByRole('button', { name: 'Создать и войти' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Состояние базы' })).toBeVisible();
  await expect(page.getByText('Базы ещё нет')).toBeVisible();
}

test('a one-time link makes the first administrator and no second one', async ({ page, context }) => {
  const link = process.env.OTKLIK_SETUP ?? '';
  expect(link, 'the link that a new server prints').not.toBe('');
  await prefer(context, 'ru');
  const asked = new URL(link);
  asked.pathname = `/api/setup/${asked.searchParams.get('token')}`;
  // On a second try the administrator may be there already.
  if ((await page.request.get(asked.href)).ok()) await found(page, link);

  const stranger = await context.browser()?.newContext({ locale: 'ru-RU' });
  if (!stranger) throw new Error('the browser is gone');
  await prefer(stranger, 'ru');
  const second = await stranger.newPage();
  await second.goto(link);
  await second.getByLabel('Название магазина или контакт-центра').fill('Чужой магазин');
  await second.getByLabel('Ваше имя').fill('Чужой');
  await second.getByLabel('Эл. почта').fill('other@bookshop.example');
  await second.getByLabel('Пароль, не короче 10 знаков').fill('long enough 10');
  await second.getByLabel('Пароль ещё раз').fill('long enough 10');
  await second.getByRole('button', { name: 'Создать и войти' }).click();
  await expect(second.getByRole('alert')).toBeVisible();
  await stranger.close();
});
