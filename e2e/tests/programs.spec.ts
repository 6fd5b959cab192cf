import type { Page } from '@playwright/test';
import { expect, test } from './fixtures';
import { openKontingent, PASSWORD, search, signIn, signOut, typeCredentials } from './person';

/** The page has loaded this program; waits, since the address may change before the page of another program is there. */
const expectProgram = (page: Page, program: 'main' | 'own' | 'staff' | 'manage' | 'office' | 'desk') =>
  expect(page.locator('script[src]').first()).toHaveAttribute('src', new RegExp(`^/${program}/`));

test('the header leads to the profile, and the way back to the list as it was', async ({ page }) => {
  await openKontingent(page, 'director_school');
  await search(page, 'ве');
  const list = page.url();
  const row = page.getByRole('row').nth(1);
  const first = await row.innerText();
  await expectProgram(page, 'staff');

  await page.getByRole('banner').getByTitle('Мой профиль').click();
  await expect(page.getByRole('heading', { level: 1, name: 'Мой профиль' })).toBeFocused();
  await expect(page).toHaveURL(/\/profile$/);
  await expectProgram(page, 'own');

  await page.goBack();
  await expect(page).toHaveURL(list);
  await expect(page.getByRole('searchbox')).toHaveValue('ве');
  await expect(row).toHaveText(first, { useInnerText: true });
  await expectProgram(page, 'staff');

  await page.goForward();
  await expect(page.getByRole('heading', { level: 1, name: 'Мой профиль' })).toBeVisible();
  await expectProgram(page, 'own');
  await signOut(page);
  await expect(page.getByRole('banner').getByTitle('Мой профиль')).toHaveCount(0);
  await expectProgram(page, 'main');
});

test('support comes to the accounts from the subsystems, and a deep link through the sign-in', async ({ page }) => {
  await signIn(page, 'support');
  await page.getByRole('link', { name: /Учётные записи/ }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Учётные записи' })).toBeFocused();
  await expectProgram(page, 'desk');

  const list = page.url();
  await page.context().clearCookies();
  await page.reload();
  await expect(page).toHaveURL(/\/login\/rsaa\?next=/);
  await expectProgram(page, 'main');
  await typeCredentials(page, 'support', PASSWORD);
  await expect(page).toHaveURL(list);
  await expect(page.getByRole('heading', { level: 1, name: 'Учётные записи' })).toBeVisible();
  await expectProgram(page, 'desk');
});

test('the sign-in page says that a session ended on a page of another program', async ({ page, browserErrors }) => {
  browserErrors.allow(/status of 401/);
  await signIn(page, 'support');
  await page.getByRole('link', { name: /Заявки/ }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Заявки' })).toBeVisible();
  await page.context().clearCookies();
  await page.getByRole('link', { name: 'Учётные записи' }).click();
  await expect(page.getByText('Сеанс завершился. Войдите снова, и вы вернётесь на ту же страницу.')).toBeVisible();
  await page.reload();
  await expect(page.getByText('Чтобы открыть эту страницу, войдите.')).toBeVisible();
});

test('the sign-in leads to the registration and back, and from there to the recovery', async ({ page }) => {
  await page.goto('/login/rsaa');
  await expectProgram(page, 'main');
  await page.getByRole('link', { name: 'РЕГИСТРАЦИЯ' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Регистрация и документация' })).toBeFocused();
  await expectProgram(page, 'own');
  await page.getByRole('link', { name: 'Авторизация' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Вход в ЭПОС' })).toBeFocused();
  await expectProgram(page, 'main');
  await page.getByRole('link', { name: 'ЗАБЫЛИ ПАРОЛЬ?' }).click();
  await expect(page.getByRole('heading', { name: 'Забыли пароль?' })).toBeVisible();
  await expectProgram(page, 'own');
});

test('the navigation leads between the sections of support, and stands nowhere else', async ({ page }) => {
  const sections = page.getByRole('navigation', { name: 'Для техподдержки' });
  await signIn(page, 'support');
  await expect(page.getByRole('heading', { level: 1, name: 'Подсистемы' })).toBeVisible();
  await expect(sections).toHaveCount(0);
  await page.getByRole('link', { name: /^Учётные записи/ }).click();
  await expect(sections.getByRole('link', { name: 'Учётные записи' })).toHaveAttribute('aria-current', 'page');
  await page.locator('tbody').getByRole('link').first().click();
  await expect(page).toHaveURL(/\/accounts\/./);
  await expect(sections.getByRole('link', { name: 'Учётные записи' })).toHaveAttribute('aria-current', 'true');
  await sections.getByRole('link', { name: 'Заявки' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Заявки' })).toBeFocused();
  await expect(sections.getByRole('link', { name: 'Заявки' })).toHaveAttribute('aria-current', 'page');
  await page.getByRole('banner').getByTitle('Мой профиль').click();
  await expect(page.getByRole('heading', { level: 1, name: 'Мой профиль' })).toBeVisible();
  await expect(sections).toHaveCount(0);
  await expectProgram(page, 'own');
});

test('an address of administration without a page says so in its own program', async ({ page }) => {
  await signIn(page, 'support');
  for (const [path, program] of [['/kontingent/import/nothing', 'manage'], ['/support/nothing', 'desk']] as const) {
    await page.goto(path);
    await expect(page.getByRole('heading', { level: 1, name: 'Такой страницы нет' })).toBeVisible();
    await expectProgram(page, program);
  }
});
