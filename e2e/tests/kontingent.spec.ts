import { expect, test } from './fixtures';
import { expectNoOverflow, field, openCard, openKontingent, save, signIn } from './person';

test('search finds by beginnings of words in any order, ё and е alike, and the address keeps it', async ({ page }) => {
  await openKontingent(page, 'support');
  const search = page.getByRole('searchbox');
  await search.fill('федор зырян');
  await expect(page.getByRole('link', { name: /Зырянова Людмила Фёдоровна/ })).toBeVisible();
  await expect(page).toHaveURL(/query=/);
  const found = await page.getByText(/найден/i).first().innerText();
  await page.reload();
  await expect(search).toHaveValue('федор зырян');
  await expect(page.getByText(found).first()).toBeVisible();
  await search.fill('такого здесь нет');
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
  const secondPage = await names();
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
  expect(await page.locator('main').innerText()).toBe(told);
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

test('a page that is not there says so, with a way on', async ({ page }) => {
  await page.goto('/no/such/page');
  await expect(page.getByRole('heading', { level: 1 })).toContainText(/нет|не найден/i);
  await expect(page.locator('main').getByRole('link').first()).toBeVisible();
});
