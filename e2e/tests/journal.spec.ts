import { readFileSync } from 'node:fs';
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures';
import { expectFieldError, expectNoOverflow, field, openCard, openKontingent, save, signIn, signOut } from './person';

const JOURNAL = '/kontingent/journal';
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

const table = (page: Page) => page.getByRole('table', { name: 'Записи журнала' });
const heading = (page: Page) => page.getByRole('heading', { level: 1, name: 'Журнал' });
const rows = (page: Page) => table(page).locator('tbody tr');

/** A note on somebody's card: an entry with an old and a new value. Returns the note. */
async function note(page: Page, search: string, name: RegExp): Promise<string> {
  await page.goto('/kontingent/employees');
  await openCard(page, search, name);
  const text = `Кабинет ${Date.now() % 100_000}`;
  await field(page, 'Примечание').fill(text);
  await save(page).click();
  await expect(page.getByRole('status').filter({ hasText: 'Карточка сохранена' })).toBeVisible();
  return text;
}

async function expectAccessible(page: Page): Promise<void> {
  const found = await new AxeBuilder({ page }).withTags(RULES).analyze();
  expect(found.violations.map((it) => `${it.id}: ${it.nodes.map((node) => node.html).join(' ')}`)).toEqual([]);
}

test('a head sees what was done in the own school, with old and new values', async ({ page }) => {
  await openKontingent(page, 'director_school');
  const text = await note(page, 'верещагина', /Верещагина/);
  await page.getByRole('navigation', { name: 'Контингент' }).getByRole('link', { name: 'Журнал' }).click();
  await expect(heading(page)).toBeFocused();
  const entry = rows(page).filter({ hasText: 'Изменены данные карточки' }).first();
  await expect(entry).toContainText('Верещагина');
  // By keyboard alone.
  await entry.getByText('Подробности').focus();
  await page.keyboard.press('Enter');
  await expect(entry).toContainText('Примечание');
  await expect(entry).toContainText(text);
  await expect(entry).toContainText('127.0.0.1');
  await expectNoOverflow(page);
  await expectAccessible(page);
  await entry.getByRole('link', { name: 'Все записи об этом объекте' }).click();
  await expect(page).toHaveURL(/object=/);
  await expect(page.getByText('Показано всё, что касается одного объекта')).toBeVisible();
  await page.getByRole('button', { name: 'Сбросить фильтры' }).click();
  await expect(page).toHaveURL(new RegExp(`${JOURNAL}$`));
});

test('what was done in another school only its department and support see', async ({ page }) => {
  await openKontingent(page, 'uo_verkhnekamsk');
  await page.goto('/kontingent/employees?role=school_director');
  // The director of another school of the district, whose card has no account yet.
  const other = rowsOfStaff(page).filter({ hasText: 'Гимназия № 4' }).first();
  const name = (await other.getByRole('link').first().innerText()).trim();
  await other.getByRole('link').first().click();
  await page.getByRole('button', { name: /Сбросить пароль|Выдать/ }).first().click();
  await expect(page.getByTestId('secret-password')).toBeVisible();
  await page.goto(`${JOURNAL}?action=credentials.issued`);
  await expect(rows(page).filter({ hasText: name }).first()).toContainText('Гимназия № 4');
  const response = await page.request.get(`/api/v1/journal?action=credentials.issued`);
  const place = (await response.json()).items.find((it: { object: { name: string } }) => it.object.name === name).organization.id;

  await signOut(page);
  await signIn(page, 'director_school');
  await page.goto(JOURNAL);
  await expect(heading(page)).toBeVisible();
  await expect(page.getByText(name)).toHaveCount(0);
  await expect(page.getByRole('combobox', { name: 'Организация' })).toHaveCount(0);
  await page.goto(`${JOURNAL}?organization=${place}`);
  await expect(page.getByText('Записей не нашлось')).toBeVisible();

  await signOut(page);
  await signIn(page, 'class_teacher');
  await page.goto(JOURNAL);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(heading(page)).toHaveCount(0);
});

const rowsOfStaff = (page: Page) => page.getByRole('table', { name: 'Сотрудники' }).locator('tbody tr');

test('filters stand in the address, and what cannot be searched for says what to do', async ({ page, browserErrors }) => {
  browserErrors.allow(/status of 400/);
  await openKontingent(page, 'director_school');
  await note(page, 'верещагина', /Верещагина/);
  await page.goto(JOURNAL);
  await page.getByRole('combobox', { name: 'Действие' }).selectOption({ label: 'Карточки и роли (все)' });
  await expect(page).toHaveURL(/action=cards/);
  await expect(rows(page).first()).toContainText(/карточк/i);
  await page.getByRole('searchbox').fill('верещ');
  await expect(page).toHaveURL(/person=/);
  await expect(rows(page).first()).toContainText('Верещагина');
  await page.reload();
  await expect(page.getByRole('searchbox')).toHaveValue('верещ');
  await expect(rows(page).first()).toContainText('Верещагина');
  await page.getByRole('combobox', { name: 'Результат' }).selectOption({ label: 'Отказано' });
  await expect(page.getByText('Записей не нашлось')).toBeVisible();
  await expectAccessible(page);
  await page.goBack();
  await expect(rows(page).first()).toContainText('Верещагина');
  await page.getByRole('link', { name: 'Показать все' }).or(page.getByRole('button', { name: 'Сбросить фильтры' })).first().click();
  await expect(page).toHaveURL(new RegExp(`${JOURNAL}$`));

  await field(page, 'С какого дня').fill('31.02.2026');
  await field(page, 'С какого дня').press('Tab');
  await expectFieldError(page, 'С какого дня', /./);
  await field(page, 'С какого дня').fill('1.1.2026');
  await field(page, 'С какого дня').press('Enter');
  await expect(page).toHaveURL(/from=2026-01-01/);
  await field(page, 'Кто действовал').fill('а');
  await field(page, 'Кто действовал').press('Enter');
  await expect(page.getByText('Уточните запрос')).toBeVisible();
  await expect(page.getByText(/Подходит больше 20 человек/)).toBeVisible();
  await expectNoOverflow(page);
});

test('what is shown is downloaded as a file, and the journal tells of it', async ({ page }) => {
  await openKontingent(page, 'director_school');
  await note(page, 'верещагина', /Верещагина/);
  await page.goto(`${JOURNAL}?action=employee.person_changed`);
  await expect(rows(page).first()).toBeVisible();
  const downloading = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Скачать CSV' }).click();
  const file = await downloading;
  expect(file.suggestedFilename()).toMatch(/^zhurnal-\d{4}-\d{2}-\d{2}\.csv$/);
  const text = readFileSync(await file.path(), 'utf8');
  expect(text.startsWith('\uFEFF"Когда";"Действие"')).toBe(true);
  expect(text).toContain('"Изменены данные карточки";"employee.person_changed";"Выполнено"');
  expect(text).not.toContain('"session.opened"');
  await page.goto(`${JOURNAL}?action=journal.exported`);
  await expect(rows(page).first()).toContainText('Журнал выгружен в файл');
});

test('a page that does not load says so and is asked for again', async ({ page, browserErrors }) => {
  browserErrors.allow(/status of 502/);
  await openKontingent(page, 'director_school');
  let broken = true;
  await page.route(/api\/v1\/journal(\?|$)/, (route) =>
    broken ? route.fulfill({ status: 502, contentType: 'text/plain', body: '' }) : route.continue(),
  );
  await page.goto(JOURNAL);
  const again = page.getByRole('button', { name: 'Повторить' });
  await expect(again).toBeVisible();
  await expectAccessible(page);
  broken = false;
  await again.click();
  await expect(rows(page).first()).toBeVisible();
  // A cursor of another time leads to the beginning.
  browserErrors.allow(/status of 400/);
  await page.goto(`${JOURNAL}?after=x`);
  await expect(page).toHaveURL(new RegExp(`${JOURNAL}$`));
});
