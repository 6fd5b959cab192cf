import type { Page } from '@playwright/test';
import { expect, test } from './fixtures';
import { openKontingent, PASSWORD, signIn, signOut, typeCredentials } from './person';

/** Which program the page has loaded. */
const program = (page: Page) =>
  page.evaluate(() => document.querySelector('script[src]')?.getAttribute('src')?.split('/')[1]);

test('the header leads to the profile, and the way back to the list as it was', async ({ page }) => {
  await openKontingent(page, 'director_school');
  const search = page.getByRole('searchbox');
  await search.fill('ве');
  await expect(page).toHaveURL(/\?/);
  const list = page.url();
  const row = page.getByRole('row').nth(1);
  const first = await row.innerText();
  expect(await program(page)).toBe('main');

  await page.getByRole('banner').getByTitle('Мой профиль').click();
  await expect(page.getByRole('heading', { level: 1, name: 'Мой профиль' })).toBeFocused();
  await expect(page).toHaveURL(/\/profile$/);
  expect(await program(page)).toBe('own');

  await page.goBack();
  await expect(page).toHaveURL(list);
  await expect(search).toHaveValue('ве');
  await expect(row).toHaveText(first, { useInnerText: true });
  expect(await program(page)).toBe('main');

  await page.goForward();
  await expect(page.getByRole('heading', { level: 1, name: 'Мой профиль' })).toBeVisible();
  expect(await program(page)).toBe('own');
  await signOut(page);
  await expect(page.getByRole('banner').getByTitle('Мой профиль')).toHaveCount(0);
  expect(await program(page)).toBe('main');
});

test('support comes to the accounts from the subsystems, and a deep link through the sign-in', async ({ page }) => {
  await signIn(page, 'support');
  await page.getByRole('link', { name: /Учётные записи/ }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Учётные записи' })).toBeFocused();
  expect(await program(page)).toBe('own');

  const list = page.url();
  await page.context().clearCookies();
  await page.reload();
  await expect(page).toHaveURL(/\/login\/rsaa\?next=/);
  expect(await program(page)).toBe('main');
  await typeCredentials(page, 'support', PASSWORD);
  await expect(page).toHaveURL(list);
  await expect(page.getByRole('heading', { level: 1, name: 'Учётные записи' })).toBeVisible();
  expect(await program(page)).toBe('own');
});

test('the sign-in page says that a session ended on a page of the other program', async ({ page, browserErrors }) => {
  browserErrors.allow(/status of 401/);
  await signIn(page, 'support');
  await page.getByRole('link', { name: /Заявки/ }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Заявки' })).toBeVisible();
  await page.context().clearCookies();
  await page.getByRole('link', { name: /Учётные записи/ }).first().click();
  await expect(page.getByText('Сеанс завершился. Войдите снова, и вы вернётесь на ту же страницу.')).toBeVisible();
  await page.reload();
  await expect(page.getByText('Чтобы открыть эту страницу, войдите.')).toBeVisible();
});
