import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { expectAccessibleInEveryColour } from './axe';
import { expect, test } from './fixtures';
import { expectFieldError, expectNoOverflow, expectSettled, field, openKontingent, signIn, signOut } from './person';

const REPORTS = '/kontingent/reports';
const h1 = (page: Page, name: string) => page.getByRole('heading', { level: 1, name });
const table = (page: Page, name: string) => page.getByRole('table', { name });

/** Leads the focus to a link or button and presses it. */
async function enter(page: Page, target: ReturnType<Page['getByRole']>): Promise<void> {
  await target.focus();
  await page.keyboard.press('Enter');
}

test('a head goes from the overview to the people counted, by keyboard alone', async ({ page }) => {
  await openKontingent(page, 'director_school');
  await enter(page, page.getByRole('navigation', { name: 'Контингент' }).getByRole('link', { name: 'Отчёты' }));
  await expect(h1(page, 'Отчёты')).toBeFocused();
  await expect(page.getByRole('img', { name: 'Действующие роли' })).toBeVisible();
  // Whoever looks has signed in today.
  await expect(page.getByRole('img', { name: 'Входы по дням' })).toBeVisible();
  await expectAccessibleInEveryColour(page, 'overview');
  await enter(page, page.locator('details', { hasText: 'Показать таблицей' }).first().locator('summary'));
  await expect(table(page, 'Действующие роли').getByRole('row').filter({ hasText: 'Учитель' })).toBeVisible();

  await page.emulateMedia({ colorScheme: 'light' });
  await enter(page, page.getByRole('main').getByRole('link', { name: /Карточки не привязаны/ }));
  await expect(h1(page, 'Карточки не привязаны')).toBeFocused();
  const words = await page.getByRole('status').filter({ hasText: 'Всего:' }).innerText();
  const number = /Всего: (\d+) из/.exec(words)?.[1];
  await enter(page, page.getByRole('link', { name: 'Показать в списке сотрудников' }));
  await expect(page).toHaveURL(/employees\?.*state=not_bound/);
  await expect(page.getByText(`Найдено: ${number}`)).toBeVisible();
});

test('a department goes down to its organizations and takes a file along', async ({ page }) => {
  await openKontingent(page, 'uo_verkhnekamsk');
  await page.goto(`${REPORTS}/roles`);
  const rows = table(page, 'Роли по организациям').locator('tbody tr');
  await expect(rows.filter({ hasText: 'СОШ № 12' })).toContainText('Учитель');
  await expectNoOverflow(page);
  await expectAccessibleInEveryColour(page, 'roles by organizations');
  const downloading = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Скачать CSV' }).click();
  const download = await downloading;
  const text = readFileSync(await download.path(), 'utf8');
  expect(download.suggestedFilename()).toMatch(/^Роли по организациям .*\.csv$/);
  expect(text).toContain('СОШ № 12');
  await page.emulateMedia({ colorScheme: 'light' });
  await rows.filter({ hasText: 'СОШ № 12' }).getByRole('link', { name: /Директор школы/ }).click();
  await expect(page).toHaveURL(/role=school_director/);
  await expectSettled(page);
  await expect(table(page, 'Сотрудники').locator('tbody tr')).toHaveCount(1);

  // Support sees the departments first, and goes down and up again.
  await signOut(page);
  await signIn(page, 'support');
  await page.goto(`${REPORTS}/never_signed_in`);
  const departments = table(page, 'Ни разу не входили').locator('tbody tr');
  await departments.getByRole('link', { name: 'УО Верхнекамского округа', exact: true }).or(departments.getByRole('link', { name: /Верхнекамск/ }).first()).first().click();
  await expect(page).toHaveURL(/organization=/);
  await expect(departments.filter({ hasText: 'СОШ № 12' })).toBeVisible();
  await page.getByRole('link', { name: /^← / }).click();
  await expect(departments.filter({ hasText: 'СОШ № 12' })).toHaveCount(0);
});

test('days stand in the address, and wrong ones say what to do', async ({ page, browserErrors }) => {
  browserErrors.allow(/status of 400/);
  await openKontingent(page, 'director_school');
  await page.goto(`${REPORTS}/days`);
  await expect(page.getByRole('img', { name: 'Входы по дням' })).toBeVisible();
  await expect(page.getByRole('combobox', { name: 'Организация' })).toHaveCount(0);
  await expectAccessibleInEveryColour(page, 'days');
  await page.emulateMedia({ colorScheme: 'light' });
  await field(page, 'С какого дня').fill('1.1.2026');
  await field(page, 'С какого дня').press('Tab');
  await field(page, 'По какой день').fill('31.1.2026');
  await field(page, 'По какой день').press('Enter');
  await expect(page).toHaveURL(/from=2026-01-01.*to=2026-01-31/);
  await expect(page.getByText('В эти дни никто не входил и не привязывал карточки.')).toBeVisible();
  await page.reload();
  await expect(field(page, 'По какой день')).toHaveValue('31.01.2026');
  await field(page, 'По какой день').fill('1.1.2025');
  await field(page, 'По какой день').press('Tab');
  await expectFieldError(page, 'По какой день', /раньше первого/);
  await page.goto(`${REPORTS}/days?from=2020-01-01`);
  await expect(page.getByText('Не больше 92 дней в одном отчёте.')).toBeVisible();
});

test('whoever has no rights sees no report', async ({ page, browserErrors }) => {
  browserErrors.allow(/status of 403/);
  await signIn(page, 'class_teacher');
  await page.goto(REPORTS);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(h1(page, 'Отчёты')).toHaveCount(0);
});
