import { expect, prefer, settled, test } from './cabinet';

interface Report {
  people: number;
  holdout: number;
  final: Record<string, number>;
  waves: { channel: string; planned: number; sent: number; positive: number; excluded: Record<string, number> }[];
}
interface Campaigns {
  items: { id: string; state: string; name: string }[];
}

test('import: what was guessed stands over the first rows, and the same file twice changes nothing', async ({
  page,
  api,
  context,
}) => {
  await prefer(context, 'ru');
  await api.get('/api/me');
  await page.goto('/import');
  await settled(page);
  const rows = ['Номер;Дата;Товары;Сумма;Статус;ФИО;Телефон'];
  for (let i = 1; i <= 12; i++)
    rows.push(`e2e-${i};${String(i + 12)}.03.2023;"Кобзар\nДюна";1 234,50 грн;Выполнен;Проверочная Мария;+38067000${1000 + i}`);
  rows.push('e2e-13;31.02.2023;Хоббит;100,00 грн;Выполнен;Проверочная Мария;+380670001099');
  const file = { name: 'e2e-orders.csv', mimeType: 'text/csv', buffer: Buffer.from(`\ufeff${rows.join('\r\n')}\r\n`) };
  for (const again of [false, true]) {
    await page.setInputFiles('[data-testid=file-input]', file);
    const staged = page.locator('section.card', { hasText: 'e2e-orders.csv' }).first();
    await expect(staged.getByRole('combobox', { name: 'Что значит столбец Номер' })).toHaveValue('order_id');
    await expect(staged.getByRole('combobox', { name: 'Что значит столбец Сумма' })).toHaveValue('amount');
    await expect(staged.getByLabel('Разделитель')).toHaveValue(';');
    await staged.getByTestId('start-import').click();
    await expect(page.getByTestId('start-import')).toHaveCount(0);
    await expect
      .poll(async () => (await api.get<{ items: { state: string }[] }>('/api/imports')).items[0]?.state, { timeout: 60_000 })
      .toBe('done');
    const last = (await api.get<{ items: { files: { new: number; unchanged: number; rejected: number }[] }[] }>('/api/imports'))
      .items[0]?.files[0];
    expect(last).toMatchObject(again ? { new: 0, unchanged: 12, rejected: 1 } : { new: 12, unchanged: 0, rejected: 1 });
  }
});

test('import: rejects name line, column and reason; an import can be undone', async ({ page, api, context }) => {
  await prefer(context, 'ru');
  const { items } = await api.get<{ items: { id: string }[] }>('/api/imports');
  const first = items[1];
  if (!first) throw new Error('two imports were made before');
  await page.goto(`/import?import=${first.id}`);
  const panel = page.getByRole('complementary');
  await expect(panel.getByRole('gridcell', { name: '14', exact: true }).or(panel.getByRole('gridcell', { name: '26', exact: true }))).toBeVisible();
  await expect(panel.getByRole('link', { name: 'Скачать' })).toHaveAttribute('href', `/api/imports/${first.id}/rejects.csv`);
  await panel.getByRole('button', { name: 'Отменить загрузку' }).click();
  await expect.poll(async () => (await api.get<{ state: string }>(`/api/imports/${first.id}`)).state).toBe('undone');
});

test('base: each figure opens its formula and its list', async ({ page, api, context }) => {
  await prefer(context, 'ru');
  const health = await api.get<{ figures: { id: string; value: number }[]; stages: { stage: string; count: number }[] }>(
    '/api/base-health',
  );
  const customers = health.figures.find((x) => x.id === 'customers')?.value ?? 0;
  expect(customers).toBeGreaterThan(1000);
  await page.goto('/base');
  await page.getByRole('button', { name: /^Клиентов/ }).click();
  const panel = page.getByRole('complementary');
  await expect(panel.getByText('Люди после объединения дублей.')).toBeVisible();
  await expect(panel.getByRole('row').nth(3)).toBeVisible();
  // A figure equals the length of the list it opens.
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

test('segments: a rule is built, counted live and saved', async ({ page, api, context }) => {
  await prefer(context, 'ru');
  await api.get('/api/me');
  await page.goto('/segments/new');
  await page.getByLabel('Название').fill(`Проверочный ${Date.now()}`);
  await page.getByRole('button', { name: 'Условие', exact: true }).click();
  await expect(page.getByText(/подход(ит|ят)/)).toBeVisible();
  await page.getByRole('button', { name: 'не', exact: true }).first().click();
  await page.getByRole('button', { name: /Сохранить/ }).click();
  await expect(page).toHaveURL(/\/segments\/(?!new)/);
  await expect(page.getByRole('row').nth(1)).toBeVisible();
});

test('campaign: six steps from audience to launch, with a preview on a real customer', async ({ page, api, context }) => {
  test.setTimeout(180_000);
  await prefer(context, 'ru');
  await api.get('/api/me');
  await page.goto('/campaigns/new/edit');
  await expect(page).toHaveURL(/\/campaigns\/(?!new)[^/]+\/edit/);
  await page.getByLabel('Название кампании').fill('Проверка в браузере');
  await expect(page.getByText('Останется')).toBeVisible();
  await page.getByRole('button', { name: 'Письмо', exact: true }).last().click();
  await expect(page.frameLocator('iframe').locator('body')).not.toBeEmpty();
  await page.getByRole('button', { name: 'Волны', exact: true }).last().click();
  await expect(page.getByText('Молчащие переходят в следующую волну', { exact: false })).toBeVisible();
  await page.getByRole('button', { name: 'Контрольная группа', exact: true }).last().click();
  await expect(page.getByText('10 %').first()).toBeVisible();
  await page.getByRole('button', { name: 'Проверка', exact: true }).last().click();
  await expect(page.getByText('DKIM', { exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'Запуск', exact: true }).last().click();
  await expect(page.getByTestId('launch')).toBeVisible();
});

test('funnel: waves overlap, the final is a partition, each bar opens its people', async ({ page, api, context }) => {
  await prefer(context, 'ru');
  const list = await api.get<Campaigns>('/api/campaigns');
  const running = list.items.find((c) => c.state !== 'draft');
  if (!running) throw new Error('the demo has a launched campaign');
  const report = await api.get<Report>(`/api/campaigns/${running.id}/report`);
  const sum = Object.values(report.final).reduce((a, b) => a + b, 0);
  expect(sum + report.holdout).toBe(report.people);
  await page.goto(`/campaigns/${running.id}`);
  await expect(page.getByText('Всего в работе')).toBeVisible();
  await page.getByRole('button', { name: /^Отправлено: / }).first().click();
  await expect(page.getByRole('complementary').getByRole('row').nth(1)).toBeVisible();
  await page.getByRole('tab', { name: 'Журнал отправки' }).click();
  await expect(page.getByRole('grid', { name: 'Журнал отправки' }).getByRole('row').nth(1)).toBeVisible();
});
