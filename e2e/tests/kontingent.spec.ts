import { expect, test } from './fixtures';
import { expectNoOverflow, expectSettled, field, openCard, openKontingent, save, search, signIn } from './person';

test('search finds by beginnings of words in any order, ё and е alike, and the address keeps it', async ({ page }) => {
  await openKontingent(page, 'support');
  const box = page.getByRole('searchbox');
  await search(page, 'федор зырян');
  await expect(page.getByRole('link', { name: /Зырянова Людмила Фёдоровна/ })).toBeVisible();
  const found = await page.getByText(/найден/i).first().innerText();
  await page.reload();
  await expect(box).toHaveValue('федор зырян');
  await expect(page.getByText(found).first()).toBeVisible();
  await box.fill('такого здесь нет');
  await expect(page.getByText(/никого не наш|ничего не наш|не найден/i).first()).toBeVisible();
  await expectNoOverflow(page);
});

test('filters narrow the list, back takes them away, pages go forward and back', async ({ page }) => {
  await openKontingent(page, 'support');
  const names = () => page.locator('main').getByRole('link', { name: /^[А-ЯЁ]\S+ [А-ЯЁ]/ }).allInnerTexts();
  await expect.poll(async () => (await names()).length).toBeGreaterThan(20);
  const firstPage = await names();
  await page.getByRole('button', { name: /Следующая|Вперёд|Дальше/ }).or(page.getByRole('link', { name: /Следующая|Вперёд|Дальше/ })).first().click();
  await expect.poll(names).not.toEqual(firstPage);
  await expectSettled(page);
  const secondPage = await names();
  expect(secondPage.length).toBeGreaterThan(20);
  expect(secondPage.filter((name) => firstPage.includes(name))).toEqual([]);
  await page.goBack();
  await expect.poll(names).toEqual(firstPage);
  await page.getByRole('combobox', { name: 'Роль' }).selectOption({ label: 'Директор СПО' });
  await expect(page).toHaveURL(/role=college_director/);
  await expect.poll(async () => (await names()).length).toBeLessThan(10);
  await page.goBack();
  await expect.poll(names).toEqual(firstPage);
});

// A telephone has no such key.
test('`/` jumps to the search', { tag: '@desktop' }, async ({ page }) => {
  await openKontingent(page, 'director_school');
  await expect(page.getByRole('searchbox')).toBeVisible();
  await page.getByRole('heading', { level: 1 }).click();
  await page.keyboard.press('/');
  await expect(page.getByRole('searchbox')).toBeFocused();
  await expect(page.getByRole('searchbox')).toHaveValue('');
});

test('the card of another school is "not found", and looks like one that does not exist', async ({ page, browserErrors }) => {
  browserErrors.allow(/status of 404/);
  await openKontingent(page, 'director_college');
  await openCard(page, 'хабибуллин', /Хабибуллин/);
  const foreign = page.url();
  await page.context().clearCookies();
  await openKontingent(page, 'director_school');
  await page.goto(foreign);
  await expect(page.getByRole('heading', { name: /не найден/i })).toBeVisible();
  const told = await page.locator('main').innerText();
  await page.goto(foreign.replace(/[0-9a-f]{6}$/, '000000'));
  await expect(page.getByRole('heading', { name: /не найден/i })).toBeVisible();
  await expect(page.locator('main')).toHaveText(told, { useInnerText: true });
});

test("a deputy reads the director's card, and is told who changes it", async ({ page }) => {
  await openKontingent(page, 'deputy_school');
  await openCard(page, 'чудинова', /Чудинова/);
  await expect(page.getByText(/управлени\S+ образованием/i).first()).toBeVisible();
  await expect(page.getByRole('button', { name: 'Сбросить пароль' })).toBeVisible();
});

test('nobody changes the own card', async ({ page }) => {
  await openKontingent(page, 'director_school');
  await openCard(page, 'чудинова', /Чудинова/);
  await expect(page.getByText(/сво\S+ карточк/i).first()).toBeVisible();
  await expect(page.getByRole('button', { name: 'Сбросить пароль' })).toHaveCount(0);
});

test('a person with two cards chooses one and can switch', async ({ page }) => {
  await signIn(page, 'two_places');
  await page.getByRole('link', { name: /Контингент/ }).first().click();
  await expect(page).toHaveURL(/\/kontingent\/cards$/);
  await page.getByRole('button', { name: /Ответственный СПО/ }).click();
  await expect(page).toHaveURL(/\/kontingent\/employees/);
  await expect(page.getByRole('banner')).toContainText('Ответственный СПО');
  await page.goto('/kontingent/cards');
  await page.getByRole('button', { name: /Завуч школы/ }).click();
  await expect(page.getByRole('banner')).toContainText('Завуч школы');
});

test('a role that ended yesterday opens nothing, in words', async ({ page, browserErrors }) => {
  browserErrors.allow(/status of 403/);
  await signIn(page, 'role_ended');
  await expect(page.locator('main')).toContainText(/закончил|не действует|нет действующ/i);
  await page.goto('/kontingent/employees');
  await expect(page.getByRole('link', { name: 'Добавить сотрудника' })).toHaveCount(0);
  await expect(page.getByRole('table')).toHaveCount(0);
});

test('of two people who edit a card at once, the second is told and loses nothing', async ({ page, browser, server, browserErrors }) => {
  browserErrors.allow(/status of 409/);
  await openKontingent(page, 'director_school');
  await openCard(page, 'кашин', /Кашин/);
  const address = page.url();

  const other = await browser.newContext({ baseURL: server.url, locale: 'ru-RU' });
  browserErrors.watch(other);
  const colleague = await other.newPage();
  await openKontingent(colleague, 'deputy_school');
  await colleague.goto(address);
  await field(colleague, 'Примечание').fill('Кабинет 12');
  await save(colleague).click();
  await expect(colleague.getByText(/сохранен/i).first()).toBeVisible();
  await other.close();

  await field(page, 'E-mail').fill('kashin.new@school.example');
  await save(page).click();
  await expect(page.getByText(/другой человек|уже измени/i).first()).toBeVisible();
  await expect(page.getByText('Кабинет 12').first()).toBeVisible();
  await expect(field(page, 'E-mail')).toHaveValue('kashin.new@school.example');
});

test('leaving a card with unsaved typing asks', async ({ page }) => {
  await openKontingent(page, 'director_school');
  await openCard(page, 'верещагина', /Верещагина/);
  await field(page, 'Примечание').fill('Не потерять');
  await page.getByRole('button', { name: 'Закрыть', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(field(page, 'Примечание')).toHaveValue('Не потерять');
});

test('of two changes of one field either can be kept', async ({ page, browser, server, browserErrors }) => {
  browserErrors.allow(/status of 409/);
  await openKontingent(page, 'director_school');
  await openCard(page, 'верещагина', /Верещагина/);
  const address = page.url();
  const other = await browser.newContext({ baseURL: server.url, locale: 'ru-RU' });
  browserErrors.watch(other);
  const colleague = await other.newPage();
  await openKontingent(colleague, 'deputy_school');
  const changes = page.locator('#changes');
  const row = (name: string) => changes.getByRole('row').filter({ has: page.getByRole('rowheader', { name }) });

  for (const [turn, keep] of (['theirs', 'mine'] as const).entries()) {
    await colleague.goto(address);
    await field(colleague, 'Примечание').fill(`Кабинет ${turn}`);
    await field(colleague, 'E-mail').fill(`vereshchagina.theirs${turn}@school.example`);
    await save(colleague).click();
    await expect(colleague.getByRole('status').filter({ hasText: 'сохранена' })).toBeVisible();

    await field(page, 'E-mail').fill(`vereshchagina.mine${turn}@school.example`);
    await save(page).click();
    await expect(changes).toBeVisible();
    // What only the colleague has changed needs no choice.
    await expect(row('Примечание')).toContainText(`Кабинет ${turn}`);
    await expect(row('Примечание').getByRole('button')).toHaveCount(0);
    await expect(row('E-mail')).toContainText(`vereshchagina.theirs${turn}`);
    await expect(row('E-mail')).toContainText(`vereshchagina.mine${turn}`);
    await row('E-mail').getByRole('button', { name: 'Взять новое' }).click();
    await expect(field(page, 'E-mail')).toHaveValue(`vereshchagina.theirs${turn}@school.example`);
    await expect(row('E-mail').getByRole('button', { name: 'Вернуть моё' })).toBeFocused();
    if (keep === 'mine') {
      await page.keyboard.press('Enter');
      await expect(field(page, 'E-mail')).toHaveValue(`vereshchagina.mine${turn}@school.example`);
      await expect(row('E-mail').getByRole('button', { name: 'Взять новое' })).toBeFocused();
    }
    await changes.getByRole('button', { name: 'Продолжить с новой версией' }).click();
    await expect(changes).toBeHidden();
    await expect(field(page, 'Примечание')).toHaveValue(`Кабинет ${turn}`);
    if (keep === 'mine') {
      await save(page).click();
      await expect(page.getByRole('status').filter({ hasText: 'сохранена' })).toBeVisible();
    }
    await colleague.goto(address);
    await expect(field(colleague, 'E-mail')).toHaveValue(`vereshchagina.${keep}${turn}@school.example`);
  }
  await other.close();
});

test('a page that is not there says so, with a way on', async ({ page }) => {
  await page.goto('/no/such/page');
  await expect(page.getByRole('heading', { level: 1 })).toContainText(/нет|не найден/i);
  await expect(page.locator('main').getByRole('link').first()).toBeVisible();
});

// A telephone shows rows as cards, without the heads of columns.
test('every column sorts, both ways, and says so', { tag: '@desktop' }, async ({ page }) => {
  await openKontingent(page, 'support');
  const head = (name: string) => page.getByRole('columnheader', { name });
  await expect(head('ФИО')).toHaveAttribute('aria-sort', 'ascending');
  const rows = page.getByRole('rowheader');
  const columns = { 'Роли, окончание': 'end', Организация: 'organization', Логин: 'login', 'Учётная запись, вход': 'sign_in', ФИО: '' };
  for (const [name, sort] of Object.entries(columns)) {
    const button = head(name).getByRole('button');
    await button.click();
    await expect(page).toHaveURL(sort ? new RegExp(`sort=${sort}$`) : /employees$/);
    await expect(head(name)).toHaveAttribute('aria-sort', 'ascending');
    await expect(page.locator('[aria-sort]')).toHaveCount(1);
    await expectSettled(page);
    const up = await rows.allInnerTexts();
    await expect(button).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(new RegExp(`sort=${sort || 'name'}_descending$`));
    await expect(head(name)).toHaveAttribute('aria-sort', 'descending');
    await expect.poll(() => rows.allInnerTexts()).not.toEqual(up);
    await expect(button).toBeFocused();
  }
  const logins = async () => page.locator('.cell-login').allInnerTexts();
  await head('Логин').getByRole('button').click();
  await expect.poll(async () => { const now = await logins(); return now.length > 20 && now.join() === [...now].sort().join(); }).toBe(true);
  await head('Логин').getByRole('button').click();
  await expect.poll(async () => { const now = await logins(); return now.length > 20 && now.join() === [...now].sort().reverse().join(); }).toBe(true);
});

test('the order is chosen from a list as well, cards by their age too', async ({ page }) => {
  await openKontingent(page, 'director_school');
  const order = page.getByRole('combobox', { name: 'Порядок' });
  await expect(order.getByRole('option', { name: 'Сначала новые карточки' })).toBeAttached();
  // One organization: nothing is sorted by it.
  await expect(order.getByRole('option', { name: /организаци/i })).toHaveCount(0);
  const names = () => page.getByRole('rowheader').allInnerTexts();
  await expect.poll(async () => (await names()).length).toBeGreaterThan(5);
  await expectSettled(page);
  const before = await names();
  await order.selectOption({ label: 'По ФИО, от Я до А' });
  await expect(page).toHaveURL(/sort=name_descending$/);
  await expect.poll(names).not.toEqual(before);
  await page.goBack();
  await expect.poll(names).toEqual(before);
  await expect(order).toHaveValue('name');
});

test('a link restores search, filters, order and page; back and forward lead through them', async ({ page, context }) => {
  await openKontingent(page, 'support');
  const names = (from: typeof page) => from.getByRole('rowheader').allInnerTexts();
  await page.getByRole('combobox', { name: 'Роль' }).selectOption({ label: 'Учитель' });
  await expect(page).toHaveURL(/role=teacher/);
  await page.getByRole('combobox', { name: 'Состояние' }).selectOption({ label: 'Роль действует' });
  await expect(page).toHaveURL(/state=/);
  await page.getByRole('combobox', { name: 'Порядок' }).selectOption({ label: 'По логину, от Z до A' });
  await expect(page).toHaveURL(/sort=login_descending/);
  await expectSettled(page);
  const first = await names(page);
  await page.getByRole('link', { name: /Следующая страница/ }).click();
  await expect(page).toHaveURL(/after=/);
  await expect.poll(() => names(page)).not.toEqual(first);
  await expectSettled(page);
  // One reads on from the beginning of the page.
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
  const second = await names(page);
  await page.getByRole('searchbox').fill('а');
  await expect(page).toHaveURL(/query=/);
  await expect(page).not.toHaveURL(/after=/);
  await page.goBack();
  await expect(page).toHaveURL(/after=/);
  await expect.poll(() => names(page)).toEqual(second);
  await expect(page.getByRole('searchbox')).toHaveValue('');

  const link = await context.newPage();
  await link.goto(page.url());
  await expect.poll(() => names(link)).toEqual(second);
  await expect(link.getByRole('combobox', { name: 'Роль' })).toHaveValue('teacher');
  await expect(link.getByRole('combobox', { name: 'Порядок' })).toHaveValue('login_descending');
  await link.getByRole('link', { name: /Предыдущая страница/ }).click();
  await expect.poll(() => names(link)).toEqual(first);
  // From a card back to where one was.
  await page.getByRole('rowheader').getByRole('link').nth(3).click();
  await expect(page).toHaveURL(/employees\/[0-9a-f-]{36}$/);
  await page.getByRole('button', { name: 'Закрыть', exact: true }).click();
  await expect.poll(() => names(page)).toEqual(second);
});

test('`/` can be switched off, and stays off', { tag: '@desktop' }, async ({ page }) => {
  await openKontingent(page, 'director_school');
  const key = page.getByRole('button', { name: 'Клавиша «/» переводит в поиск' });
  await expect(key).toHaveAttribute('aria-pressed', 'true');
  await key.click();
  await expect(key).toHaveAttribute('aria-pressed', 'false');
  for (const turn of ['at once', 'after a reload']) {
    await page.getByRole('heading', { level: 1 }).click();
    await page.keyboard.press('/');
    await expect(page.getByRole('searchbox'), turn).not.toBeFocused();
    await page.reload();
    await expect(key).toHaveAttribute('aria-pressed', 'false');
  }
  await key.click();
  await page.getByRole('heading', { level: 1 }).click();
  await page.keyboard.press('/');
  await expect(page.getByRole('searchbox')).toBeFocused();
  // In a field it is a letter like others.
  await page.keyboard.type('1/2');
  await expect(page.getByRole('searchbox')).toHaveValue('1/2');
});
