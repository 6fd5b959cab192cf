import { expect, test } from './fixtures';
import { expectPromised, FIRST, lettersTo, mailbox, nextLetter, openLink, setPassword, somebody } from './letters';
import { expectAlert, expectFieldError, expectNoOverflow, field, typeCredentials } from './person';
import type { Page } from '@playwright/test';

const SECOND = 'Восемь сосен над Вишерой';

async function askFor(page: Page, name: string): Promise<void> {
  await page.goto('/login/rsaa');
  await page.getByRole('link', { name: 'ЗАБЫЛИ ПАРОЛЬ?' }).click();
  await expect(page).toHaveURL(/\/recover$/);
  await field(page, 'Имя пользователя / e-mail').fill(name);
  await page.getByRole('button', { name: 'Отправить письмо' }).click();
  await expectPromised(page);
}

test('a forgotten password is replaced by the link of a letter, and every session ends', async ({ page, server, browser, browserErrors }) => {
  browserErrors.allow(/status of 4(01|10)/);
  const { email, userName } = await somebody(page, server, 'zabyl');
  const elsewhere = await browser.newContext({ baseURL: server.url });
  browserErrors.watch(elsewhere);
  const other = await elsewhere.newPage();
  await askFor(other, email);
  await expect(other.getByText('1 час')).toBeVisible();
  const letter = await nextLetter(server, email, 2);
  await openLink(other, letter);
  await expect(other).toHaveURL(/\/recover$/);
  await expect(other.getByRole('heading', { level: 1, name: 'Новый пароль' })).toBeVisible();
  await expectNoOverflow(other);
  expect(await setPassword(other, SECOND)).toBe(userName);
  await expect(field(other, 'ИМЯ ПОЛЬЗОВАТЕЛЯ / E-MAIL')).toHaveValue(userName);
  await typeCredentials(other, userName, FIRST);
  await expectAlert(other, 'Неверное имя пользователя или пароль');
  await typeCredentials(other, userName, SECOND);
  await expect(other).toHaveURL(/\/subsystems$/);

  // Where he was signed in before, he is not any more.
  await page.goto('/subsystems');
  await expect(page).toHaveURL(/\/login/);

  await openLink(other, letter);
  await expect(other.getByRole('heading', { level: 1, name: 'Ссылкой уже воспользовались' })).toBeVisible();
  await other.getByRole('main').getByRole('link', { name: 'Запросить письмо ещё раз' }).click();
  await expect(other.getByRole('heading', { name: 'Забыли пароль?' })).toBeVisible();
  await elsewhere.close();
});

test('the link of one account, opened by somebody signed in to another, leads to its own sign-in', async ({ page, server }) => {
  const { email, userName } = await somebody(page, server, 'chuzhoy');
  await page.getByRole('button', { name: 'Выйти' }).click();
  await expect(page).toHaveURL(/\/login/);
  await page.goto('/login/rsaa');
  await typeCredentials(page, 'class_teacher', 'Kama-Sylva-2026');
  await expect(page).toHaveURL(/\/subsystems$/);
  await page.goto('/recover');
  await field(page, 'Имя пользователя / e-mail').fill(userName);
  await page.getByRole('button', { name: 'Отправить письмо' }).click();
  await expectPromised(page);
  await openLink(page, await nextLetter(server, email, 2));
  await setPassword(page, SECOND);
  await expect(field(page, 'ИМЯ ПОЛЬЗОВАТЕЛЯ / E-MAIL')).toHaveValue(userName);
  await typeCredentials(page, userName, SECOND);
  await expect(page.getByRole('banner')).toContainText('Окунев');
});

test('a name that nobody has is answered alike', async ({ page, server }) => {
  const { email, userName } = await somebody(page, server, 'tayna');
  await page.getByRole('button', { name: 'Выйти' }).click();
  const said: string[] = [];
  const nobody = mailbox('nikto');
  for (const name of [userName, nobody]) {
    await askFor(page, name);
    // The sentence of the demo comes a moment later.
    await expect(page.getByText('Это демонстрация')).toBeVisible();
    said.push((await page.getByRole('main').innerText()).replaceAll(name, 'X'));
  }
  expect(said[0]).toBe(said[1]);
  await nextLetter(server, email, 2);
  expect(await lettersTo(server, nobody)).toEqual([]);
});

test('without a name nothing is sent', async ({ page }) => {
  await page.goto('/recover');
  await page.getByRole('button', { name: 'Отправить письмо' }).click();
  await expectFieldError(page, 'Имя пользователя / e-mail', /Введите имя пользователя/);
  await expect(field(page, 'Имя пользователя / e-mail')).toBeFocused();
});

test('a forged link has a page of its own and a way on', async ({ page, browserErrors }) => {
  browserErrors.allow(/status of 404/);
  for (const path of ['/recover', '/confirm', '/confirm-email', '/activate']) {
    await page.goto('about:blank');
    await page.goto(`${path}#00000000000000000000000000000000000000000000000`);
    await expect(page.getByRole('heading', { level: 1, name: 'Ссылка не действует' })).toBeVisible();
    await expect.poll(() => new URL(page.url()).hash).toBe('');
    await expect(page.getByRole('main').getByRole('link').first()).toBeVisible();
    await expectNoOverflow(page);
  }
});
