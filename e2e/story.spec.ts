import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { type Api, expect, FIXTURES, LETTERS, prefer, settled, test } from './cabinet';
import { letters } from './tap';

// The one story, on an empty simulated workspace, from the first file to the last bar of the funnel. The tests follow
// each other on one server; each can be tried again after a stall, so none of them does twice what was done already.

const SEGMENT = 'Покупали за последний квартал';
const CAMPAIGN = 'Осень: спасибо за книги';
/** Where the demo's clock stands until somebody moves it. */
const FIRST_DAY = Date.parse('2024-09-01T07:30:00Z');
const DAY = 86_400_000;

interface Import {
  id: string;
  state: string;
  source: string;
  files: { file: string; rows: number; new: number; changed: number; unchanged: number; rejected: number }[];
}
interface Report {
  people: number;
  holdout: number;
  final: Record<string, number>;
  waves: {
    channel: string;
    state: string;
    planned: number;
    sent: number;
    delivered: number;
    positive: number;
    negative: number;
    ledger: Record<string, number>;
  }[];
}
interface Row {
  id: string;
  name: string;
  state: string;
}

async function imports(api: Api, file: string, states = ['done']): Promise<Import[]> {
  const { items } = await api.get<{ items: Import[] }>('/api/imports');
  return items.filter((i) => states.includes(i.state) && i.files.some((f) => f.file === file));
}

async function campaign(api: Api): Promise<Row | undefined> {
  return (await api.get<{ items: Row[] }>('/api/campaigns')).items.find((c) => c.name === CAMPAIGN);
}

async function report(api: Api): Promise<Report & { id: string }> {
  const found = await campaign(api);
  if (!found) throw new Error('the campaign was not launched');
  return { ...(await api.get<Report>(`/api/campaigns/${found.id}/report`)), id: found.id };
}

/** Records of a file, quoted line breaks being part of a field. */
function recordsOf(name: string): number {
  let quoted = false;
  let lines = 0;
  for (const letter of readFileSync(join(FIXTURES, name), 'utf8').replace(/\s+$/, '')) {
    if (letter === '"') quoted = !quoted;
    else if (letter === '\n' && !quoted) lines++;
  }
  return lines;
}

async function dropFile(page: Page, name: string): Promise<void> {
  const transfer = await page.evaluateHandle(
    ([file, text]) => {
      const data = new DataTransfer();
      data.items.add(new File([text as string], file as string, { type: 'text/csv' }));
      return data;
    },
    [name, readFileSync(join(FIXTURES, name), 'utf8')],
  );
  await page.dispatchEvent('.drop', 'drop', { dataTransfer: transfer });
}

function staged(page: Page, name: string): Locator {
  return page
    .locator('section.card')
    .filter({ has: page.getByTestId('start-import') })
    .filter({ hasText: name });
}

const history = (page: Page, name: string) =>
  page.getByRole('grid', { name: 'История загрузок' }).getByRole('row').filter({ hasText: name }).first();

test.beforeEach(async ({ context }) => prefer(context, 'ru'));

test('1. orders are dropped, understood and become records', async ({ page, api }) => {
  if ((await imports(api, 'orders.csv')).length === 0) {
    await page.goto('/import');
    await dropFile(page, 'orders.csv');
    const card = staged(page, 'orders.csv');
    await expect(card.getByRole('combobox', { name: 'Что значит столбец Order no' })).toHaveValue('order_id');
    await expect(card.getByRole('combobox', { name: 'Что значит столбец Books' })).toHaveValue('items');
    await expect(card.getByLabel('Порядок в датах')).toHaveValue('dmy');
    await expect(card.getByRole('cell', { name: 'Дячченко Софія' })).toBeVisible();
    await card.getByTestId('start-import').click();
    await expect(card).toHaveCount(0);
    await expect(history(page, 'orders.csv').getByText('Готова')).toBeVisible();
  }
  const [made] = await imports(api, 'orders.csv');
  const file = made?.files[0];
  expect(file?.rows).toBe(recordsOf('orders.csv'));
  expect((file?.new ?? 0) + (file?.changed ?? 0) + (file?.unchanged ?? 0) + (file?.rejected ?? 0)).toBe(file?.rows);
});

test('2. a corrected mapping is remembered for its source', async ({ page, api }) => {
  const operator = 'Что значит столбец Operator';
  await page.goto('/import');
  if ((await imports(api, 'addresses.csv')).length === 0) {
    await page.setInputFiles('[data-testid=file-input]', join(FIXTURES, 'addresses.csv'));
    const card = staged(page, 'addresses.csv');
    await expect(card.getByRole('combobox', { name: 'Что значит столбец Delivery address' })).toHaveValue('address');
    await card.getByLabel('Источник').fill('Адреса колл-центра');
    await card.getByRole('combobox', { name: operator }).selectOption('ignore');
    await card.getByTestId('start-import').click();
    await expect(card).toHaveCount(0);
    await expect(history(page, 'addresses.csv').getByText('Готова')).toBeVisible();
  }
  const [made] = await imports(api, 'addresses.csv');
  expect(made?.source).toBe('Адреса колл-центра');
  expect(made?.files[0]?.rows).toBe(recordsOf('addresses.csv'));
  await page.setInputFiles('[data-testid=file-input]', join(FIXTURES, 'addresses.csv'));
  const again = staged(page, 'addresses.csv');
  await expect(again.getByLabel('Источник')).toHaveValue('Адреса колл-центра');
  await expect(again.getByRole('combobox', { name: operator })).toHaveValue('ignore');
});

test('3. rejects name line, column and reason; the same file changes nothing; an import is undone', async ({
  page,
  api,
}) => {
  const rows = ['Номер;Дата;Товары;Сумма;Статус;ФИО;Телефон'];
  for (let i = 1; i <= 12; i++)
    rows.push(`e2e-${i};${i + 12}.03.2023;"Кобзар\nДюна";1 234,50 грн;Выполнен;Проверочная Мария;+38067000${1000 + i}`);
  rows.push('e2e-13;31.02.2023;Хоббит;100,00 грн;Выполнен;Проверочная Мария;+380670001099');
  const file = { name: 'e2e.csv', mimeType: 'text/csv', buffer: Buffer.from(`\ufeff${rows.join('\r\n')}\r\n`) };
  await page.goto('/import');
  for (let turn = (await imports(api, 'e2e.csv', ['done', 'undone'])).length; turn < 2; turn++) {
    await page.setInputFiles('[data-testid=file-input]', file);
    const card = staged(page, 'e2e.csv');
    await expect(card.getByRole('combobox', { name: 'Что значит столбец Сумма' })).toHaveValue('amount');
    await expect(card.getByLabel('Разделитель')).toHaveValue(';');
    await card.getByTestId('start-import').click();
    await expect(card).toHaveCount(0);
    await expect.poll(async () => (await imports(api, 'e2e.csv', ['done', 'undone'])).length).toBe(turn + 1);
  }
  const made = await imports(api, 'e2e.csv', ['done', 'undone']);
  const [first, second] = [made.at(-1), made.at(-2)];
  if (!first || !second) throw new Error('two imports were made');
  expect(first.files[0]).toMatchObject({ new: 12, unchanged: 0, rejected: 1 });
  expect(second.files[0]).toMatchObject({ new: 0, unchanged: 12, rejected: 1 });
  await page.goto(`/import?import=${first.id}`);
  const panel = page.getByRole('complementary');
  const reject = panel.getByRole('grid', { name: 'Отклонённые строки' }).getByRole('row').nth(1);
  await expect(reject).toContainText('Дата');
  await expect(reject).toContainText('31.02.2023');
  await expect(panel.getByRole('link', { name: 'Скачать' })).toHaveAttribute(
    'href',
    `/api/imports/${first.id}/rejects.csv`,
  );
  const undo = panel.getByRole('button', { name: 'Отменить загрузку' });
  const state = panel.getByText('Отменена', { exact: true });
  await expect(undo.or(state)).toBeVisible();
  if (await undo.isVisible()) await undo.click();
  await expect(state).toBeVisible();
});

test('4. the legal basis, the catalogue and the sender are set', async ({ page, api }) => {
  await page.goto('/settings?tab=consent');
  await settled(page);
  const source = page.locator('section.card').filter({ hasText: 'orders' }).first();
  for (const [at, channel] of ['email', 'sms', 'call'].entries()) {
    if ((await source.getByRole('combobox', { name: 'Канал' }).count()) > at) continue;
    await source.getByRole('button', { name: 'Добавить' }).click();
    await source.getByRole('combobox', { name: 'Канал' }).nth(at).selectOption(channel);
    await source.getByRole('combobox', { name: 'Основание' }).nth(at).selectOption('consent');
    await source
      .getByRole('textbox', { name: /^Доказательство/ })
      .nth(at)
      .fill('согласие при заказе, проверка');
  }
  const save = source.getByRole('button', { name: 'Сохранить' });
  if (await save.isVisible()) await save.click();
  await expect(save).toHaveCount(0);

  await page.goto('/settings?tab=catalogue');
  await settled(page);
  const categories = async () => (await api.get<{ items: unknown[] }>('/api/categories')).items.length;
  if ((await categories()) === 0) {
    await page.locator('input[type=file]').setInputFiles(join(FIXTURES, 'catalogue.csv'));
    await expect.poll(categories).toBeGreaterThan(3);
  }

  // The letters pass a tap on their way to the people, so that a test can read one of them.
  await page.goto('/settings?tab=senders');
  await settled(page);
  const letter = page.locator('section.card').filter({ hasText: 'Домен для возвратов' });
  await letter.getByLabel('Порт').fill(process.env.OTKLIK_TAP ?? '');
  await letter.getByRole('button', { name: 'Сохранить' }).click();
  await expect
    .poll(async () => (await api.get<{ config: { port: number } }>('/api/senders/email')).config.port)
    .toBe(Number(process.env.OTKLIK_TAP));
});

test('5. people: before and after, a card with both addresses, every merge explained', async ({ page, api }) => {
  const dedup = await api.get<{ before: number; after: number }>('/api/dedup');
  expect(dedup.after).toBeLessThan(dedup.before);
  await page.goto('/people');
  await settled(page);
  await expect(page.locator('.before-after')).toContainText(new Intl.NumberFormat('ru-RU').format(dedup.after));
  await page.getByRole('textbox', { name: 'Имя, телефон, почта или номер заказа' }).fill('ДЯЧЧЕНКО СОФ');
  const row = page.getByRole('gridcell', { name: 'Дячченко Софія' }).first();
  await row.click();
  const panel = page.getByRole('complementary');
  await expect(panel.getByRole('heading', { name: 'Контакты' })).toBeVisible();
  await panel.getByRole('link', { name: 'Карточка' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Дячченко Софія' })).toBeVisible();
  await page.goto('/people/merges');
  await page.getByRole('grid').getByRole('row').nth(1).click();
  await expect(
    page.getByRole('complementary').getByText('Плюс говорит за одного человека', { exact: false }),
  ).toBeVisible();
});

test('6. doubtful pairs are decided by the keyboard and taken back', async ({ page, api }) => {
  const left = async () => (await api.get<{ review_open: number }>('/api/dedup')).review_open;
  const before = await left();
  expect(before).toBeGreaterThan(2);
  await page.goto('/people/review');
  await expect(page.getByRole('button', { name: /^Один человек/ })).toBeVisible();
  await page.keyboard.press('k');
  await expect.poll(left).toBe(before - 1);
  await page.keyboard.press('m');
  await expect.poll(left).toBeLessThanOrEqual(before - 2);
  await expect(page.getByRole('button', { name: /^Отменить/ }).first()).toBeEnabled();
  await page.keyboard.press('u');
  await expect.poll(left).toBe(before - 1);
});

test('7. base health: each figure opens its formula and its list', async ({ page, api }) => {
  const health = await api.get<{
    figures: { id: string; value: number }[];
    stages: { stage: string; count: number }[];
  }>('/api/base-health');
  expect(health.figures.find((x) => x.id === 'customers')?.value ?? 0).toBeGreaterThan(1000);
  await page.goto('/base');
  await page.getByRole('button', { name: /^Клиентов/ }).click();
  const panel = page.getByRole('complementary');
  await expect(panel.getByText('Люди после объединения дублей.')).toBeVisible();
  await expect(panel.getByRole('row').nth(3)).toBeVisible();
  await panel.getByRole('button', { name: 'Закрыть' }).click();
  await page.locator('.bars-row', { hasText: 'Под угрозой' }).click();
  await expect(panel.getByRole('row').nth(1)).toBeVisible();
  // A figure is as long as the list it opens.
  let n = 0;
  let cursor = '';
  do {
    const next = await api.get<{ items: unknown[]; next: string | null }>(
      `/api/base-health/list?figure=stage&value=at_risk&limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    n += next.items.length;
    cursor = next.next ?? '';
  } while (cursor);
  expect(n).toBe(health.stages.find((s) => s.stage === 'at_risk')?.count);
});

test('8. a segment is built, counted live and saved', async ({ page, api }) => {
  const segments = async () => (await api.get<{ items: { name: string }[] }>('/api/segments')).items;
  if ((await segments()).some((s) => s.name === SEGMENT)) return;
  await page.goto('/segments/new');
  await page.getByLabel('Название').fill(SEGMENT);
  const choose = async (list: string, at: number, value: string) => {
    await page.getByRole('combobox', { name: list, exact: true }).nth(at).click();
    await page.getByRole('option', { name: value, exact: true }).click();
  };
  const counted = page.locator('.big-n');
  await page.getByRole('button', { name: 'Условие', exact: true }).click();
  await choose('Что', 0, 'Последний заказ');
  await choose('Как', 0, 'за последние');
  await page.getByRole('textbox', { name: 'Значение' }).fill('90');
  await expect(page.getByText(/подход(ит|ят)/)).toBeVisible();
  await expect(counted).toHaveText(/\d/);
  const all = await counted.textContent();
  await page.getByRole('button', { name: 'Условие', exact: true }).click();
  await choose('Что', 1, 'Можно связаться');
  await choose('Как', 1, 'равно');
  await choose('Значение', 0, 'почта');
  await expect(counted).not.toHaveText(all ?? '');
  await page.getByRole('button', { name: /^Сохранить/ }).click();
  await expect(page).toHaveURL(/\/segments\/(?!new)/);
  await expect(page.getByRole('grid').getByRole('row').nth(1)).toBeVisible();
});

test('9. the wizard: audience, letter on a real customer, waves, hold-out, check, one question, launch', async ({
  page,
  api,
}) => {
  const next = (name: string) => page.getByRole('button', { name, exact: true }).last().click();
  const made = await campaign(api);
  if (made && made.state !== 'draft') return;
  await page.goto(`/campaigns/${made?.id ?? 'new'}/edit`);
  await expect(page).toHaveURL(/\/campaigns\/(?!new)[^/]+\/edit/);
  await page.getByLabel('Название кампании').fill(CAMPAIGN);
  await page.getByRole('radio', { name: SEGMENT }).check();
  await expect(page.getByText('Останется')).toBeVisible();

  await next('Письмо');
  await expect(
    page
      .frameLocator('iframe')
      .getByText('Отписаться')
      .or(page.frameLocator('iframe').getByText('Відписатися'))
      .first(),
  ).toBeVisible();
  const before = await page.getByRole('combobox', { name: 'Показать на клиенте' }).inputValue();
  await page.getByRole('button', { name: 'Следующий клиент' }).click();
  await expect(page.getByRole('combobox', { name: 'Показать на клиенте' })).not.toHaveValue(before);

  await next('Волны');
  await expect(page.getByText('Молчащие переходят в следующую волну', { exact: false })).toBeVisible();
  await next('Контрольная группа');
  await expect(page.getByText('10 %').first()).toBeVisible();
  await next('Проверка');
  await expect(page.getByText('DKIM', { exact: true })).toBeVisible();
  await page.getByRole('textbox', { name: 'Кому пробное письмо' }).fill('me@bookshop.example');
  await page.getByRole('button', { name: 'Отправить', exact: true }).click();
  await expect.poll(() => letters(LETTERS).some((l) => l.to === 'me@bookshop.example')).toBe(true);

  await next('Запуск');
  await page.getByTestId('launch').click();
  await page.getByTestId('launch-yes').click();
  await expect(page).toHaveURL(/\/campaigns\/[^/]+$/);
  await expect(page.getByText('Всего в работе')).toBeVisible();
});

test('10. the letters go out over SMTP, once to each', async ({ page, api }) => {
  const { id } = await report(api);
  await page.goto(`/campaigns/${id}`);
  await expect
    .poll(async () => {
      const [wave] = (await report(api)).waves;
      // What a mail server put off comes again when its time has passed, and time stands still here.
      const { planned = 0, leased = 0, intent = 0 } = wave?.ledger ?? {};
      return wave !== undefined && wave.sent > 0 && planned + leased + intent === 0;
    })
    .toBe(true);
  await expect(page.getByRole('button', { name: /^Отправлено/ }).first()).toBeVisible();
  const sent = letters(LETTERS).filter((l) => l.to !== 'me@bookshop.example');
  expect(sent.length).toBeGreaterThan(20);
  expect(sent.every((l) => /^list-unsubscribe:/im.test(l.headers) && /^dkim-signature:/im.test(l.headers))).toBe(true);
});

test('11. the public pages: without JavaScript a choice is made and changed into a refusal', async ({
  browser,
  api,
}) => {
  const mine = letters(LETTERS).find((l) => /\/p\/[\w-]+/.test(l.text) && l.to !== 'me@bookshop.example');
  if (!mine) throw new Error('no letter has a link to the interests');
  const path = /\/p\/[^\s?#)>\]]+/.exec(mine.text)?.[0] ?? '';
  const context = await browser.newContext({
    javaScriptEnabled: false,
    viewport: { width: 390, height: 800 },
    locale: 'ru-RU',
  });
  const page = await context.newPage();
  await page.goto(`${path}?lang=ru`);
  await expect(page.getByRole('heading', { level: 1, name: 'О чём вам писать?' })).toBeVisible();
  await page.getByRole('checkbox').first().check();
  await page.getByRole('button').click();
  await expect(page).toHaveURL(/saved=1/);
  await page.goto(`${path}?lang=ru`);
  await expect(page.getByRole('checkbox').first()).toBeChecked();
  await page.locator('p.after a').click();
  await page.getByRole('button').click();
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await context.close();
  // The strongest answer is the person's outcome; the refusal stands in the wave and in the stop list.
  await expect.poll(async () => (await report(api)).final.subscribed ?? 0).toBeGreaterThan(0);
  await expect.poll(async () => (await report(api)).waves[0]?.negative ?? 0).toBeGreaterThan(0);
  const stops = await api.get<{ items: { kind: string; reason: string }[] }>('/api/suppressions');
  expect(stops.items.some((x) => x.kind === 'email')).toBe(true);
});

test('12. days pass: people answer, the silent get an SMS, the rest become calls', async ({ page, api }) => {
  const { id } = await report(api);
  await page.goto(`/campaigns/${id}`);
  const ribbon = page.locator('.ribbon');
  const waves = async () => (await report(api)).waves;
  const now = async () => Date.parse((await api.get<{ campaign_now: string }>('/api/me')).campaign_now);
  // Up to a day of the story, so that a second try does not let the calls run out.
  const until = async (day: number) => {
    while ((await now()) < FIRST_DAY + (day - 0.5) * DAY) {
      const before = await now();
      await ribbon.getByRole('button', { name: '+1 день' }).click();
      await expect.poll(now).toBeGreaterThanOrEqual(before + 0.99 * DAY);
    }
  };
  await until(4);
  await expect.poll(async () => (await waves())[0]?.positive ?? 0).toBeGreaterThan(0);
  await until(8);
  await expect.poll(async () => (await waves())[1]?.sent ?? 0).toBeGreaterThan(0);
  // Who cannot be reached comes to the calls early; the wave itself starts two weeks after the letters.
  await until(15);
  await expect.poll(async () => (await waves())[2]?.state).toBe('running');
  await expect.poll(async () => (await waves())[2]?.ledger.planned ?? 0).toBeGreaterThan(20);
  await expect(page.getByRole('button', { name: /^Положительно/ }).first()).toBeVisible();
});

test('13. an operator takes a task, talks and closes it without the mouse', async ({ page, api }) => {
  await page.goto('/calls');
  await expect(page.getByRole('status').filter({ hasText: 'Готов' })).toBeVisible();
  const waiting = async () => (await api.get<{ counts: { waiting: number } }>('/api/desk/tasks')).counts.waiting;
  await expect.poll(waiting).toBeGreaterThan(0);
  await page.keyboard.press('n');
  await expect(page.getByRole('status').filter({ hasText: 'Разговор' })).toBeVisible();
  await expect(page.locator('.desk-number')).toContainText('+');
  await page.keyboard.press('5');
  await expect(page.getByRole('status').filter({ hasText: 'Постобработка' })).toBeVisible();
  await page.keyboard.press('Control+Enter');
  await expect(page.getByText(/Сделан 1 звонок/)).toBeVisible();
});

test('13a. an objection is marked by its key, its answer is read, and an offer gives a personal code', async ({
  page,
  api,
}) => {
  const offers = async () => (await api.get<{ items: { name: string }[] }>('/api/offers')).items;
  if ((await offers()).length === 0)
    await api.post('/api/offers', {
      name: 'Закладка в подарок',
      kind: 'gift',
      cost_minor: 2000,
      gaps: ['objection:dear'],
      words: 'Положим закладку.',
    });
  await page.goto('/calls');
  await expect(page.getByRole('status').filter({ hasText: 'Готов' })).toBeVisible();
  await page.keyboard.press('n');
  await expect(page.locator('.desk-number')).toContainText('+');
  const offer = page.getByTestId('offers');
  await expect(offer).toContainText('подходят 0');
  await page.keyboard.press('q');
  await expect(page.getByTestId('objection-dear')).toHaveAttribute('aria-pressed', 'true');
  await expect(page.locator('.desk-answer')).toContainText(/Поним|Розум/);
  await expect(offer).toContainText('подходит 1');
  await offer.locator('summary').click();
  await expect(offer).toContainText('потому что');
  await offer.getByRole('button', { name: 'Выдать код' }).click();
  await expect(page.getByTestId('offer-code')).toHaveText(/^[A-Z2-9]{10}$/);
  await page.keyboard.press('1');
  await page.keyboard.press('Control+Enter');
  await expect(page.getByText(/Сделан 1 звонок/)).toBeVisible();

  await page.goto('/improve?tab=talks');
  const row = page.getByRole('row').filter({ hasText: 'Дорого' }).first();
  await row.getByRole('button', { name: '1', exact: true }).first().click();
  await expect(page.getByRole('complementary').getByRole('row').nth(1)).toContainText('Согласен');
  await page.goto('/improve?tab=offers');
  await expect(page.getByRole('row').filter({ hasText: 'Закладка в подарок' })).toContainText('1');
});

test('14. the funnel: waves overlap, the final is a partition, each bar opens its people', async ({ page, api }) => {
  const seen = await report(api);
  const sum = Object.values(seen.final).reduce((a, b) => a + b, 0);
  expect(sum + seen.holdout).toBe(seen.people);
  await page.goto(`/campaigns/${seen.id}`);
  await expect(page.getByText('Всего в работе')).toBeVisible();
  await page
    .getByRole('button', { name: /^Отправлено/ })
    .first()
    .click();
  const panel = page.getByRole('complementary');
  await expect(panel.getByRole('row').nth(1)).toBeVisible();
  await panel.getByRole('button', { name: 'Закрыть' }).click();
  await page.getByRole('button', { name: /^Подписались/ }).click();
  await expect(panel.getByRole('row').nth(1)).toBeVisible();
  await page.getByRole('tab', { name: 'Журнал отправки' }).click();
  await expect(page.getByRole('grid', { name: 'Журнал отправки' }).getByRole('row').nth(1)).toBeVisible();
  await page.goto(`/proof?campaign=${seen.id}`);
  await settled(page);
  await expect(page.getByText('Проверка деления')).toBeVisible();
});
