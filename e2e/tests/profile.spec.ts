import type { Browser, BrowserContext, Page } from '@playwright/test';
import { expect, test, type BrowserErrors } from './fixtures';
import { FIRST, mailbox, nextLetter, openLink, somebody } from './letters';
import { expectFieldError, expectNoOverflow, field, typeCredentials } from './person';
import type { DemoServer } from './server';

const SECOND = 'Восемь сосен над Вишерой';

/** Opens «Мой профиль» by the name in the header. */
async function openProfile(page: Page): Promise<void> {
  await page.getByRole('banner').getByRole('link', { name: /Окунев/ }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Мой профиль' })).toBeFocused();
  await expect(page.getByRole('heading', { name: 'Способы входа' })).toBeVisible();
}

/** The same person on another device. */
async function elsewhere(
  browser: Browser,
  server: DemoServer,
  errors: BrowserErrors,
  userName: string,
  password: string,
): Promise<[BrowserContext, Page]> {
  const context = await browser.newContext({ baseURL: server.url, locale: 'ru-RU' });
  errors.watch(context);
  const page = await context.newPage();
  await page.goto('/login/rsaa');
  await typeCredentials(page, userName, password);
  await expect(page).toHaveURL(/\/subsystems$/);
  return [context, page];
}

const dialog = (page: Page) => page.getByRole('dialog');

test('the profile tells who one is, what was agreed to, and gives the data as a file', async ({ page, server }) => {
  const { email, userName } = await somebody(page, server, 'profil');
  await openProfile(page);
  const who = page.getByRole('region', { name: 'Кто вы' });
  for (const text of ['Окунев Яков', userName, email, 'Завуч', 'подтверждён']) await expect(who).toContainText(text);
  await expect(page.getByRole('region', { name: 'Согласие на обработку персональных данных' }).getByRole('listitem')).toHaveCount(1);
  await expect(page.getByRole('region', { name: 'Мои карточки' })).toContainText('Привязанных карточек нет');
  await expectNoOverflow(page);
  const waiting = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Скачать файл' }).click();
  const stream = await (await waiting).createReadStream();
  let text = '';
  for await (const part of stream) text += part;
  expect(JSON.stringify(JSON.parse(text))).toContain(email);
});

test('a password is changed: the session stays, the other ends, the old password opens nothing', async ({ page, server, browser, browserErrors }) => {
  browserErrors.allow(/status of 4(01|22)/);
  const { userName } = await somebody(page, server, 'parol');
  const [context, other] = await elsewhere(browser, server, browserErrors, userName, FIRST);
  await openProfile(page);
  await page.getByRole('button', { name: 'Сменить пароль' }).click();
  const form = dialog(page);
  const current = form.getByLabel('Нынешний пароль', { exact: true });
  const next = form.getByLabel('Новый пароль', { exact: true });
  await expect(current).toBeFocused();
  await page.keyboard.press('Enter');
  await expectFieldError(form, 'Нынешний пароль', 'Введите нынешний пароль');
  await current.fill('не тот пароль');
  await next.fill(SECOND);
  await expect(form.getByRole('status')).not.toBeEmpty();
  await form.getByRole('button', { name: 'Сменить пароль' }).click();
  await expectFieldError(form, 'Нынешний пароль', 'Нынешний пароль не подошёл');
  await current.fill(FIRST);
  await next.fill(FIRST);
  await form.getByRole('button', { name: 'Сменить пароль' }).click();
  await expectFieldError(form, 'Новый пароль', /уже был/);
  await next.fill(SECOND);
  await form.getByRole('button', { name: 'Сменить пароль' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Пароль изменён' })).toBeVisible();
  await expect(form).toBeHidden();
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused();

  await page.reload();
  await expect(page.getByRole('heading', { name: 'Способы входа' })).toBeVisible();
  await other.goto('/profile');
  await expect(other).toHaveURL(/\/login\/rsaa/);
  await typeCredentials(other, userName, FIRST);
  await expect(other.getByRole('alert').filter({ hasText: 'Неверное имя пользователя или пароль' })).toBeVisible();
  await typeCredentials(other, userName, SECOND);
  await expect(other.getByRole('heading', { level: 1, name: 'Мой профиль' })).toBeVisible();
  await context.close();
});

test('sessions: one is ended, then all the others', async ({ page, server, browser, browserErrors }) => {
  browserErrors.allow(/status of 401/);
  const { userName } = await somebody(page, server, 'seansy');
  const devices = [
    await elsewhere(browser, server, browserErrors, userName, FIRST),
    await elsewhere(browser, server, browserErrors, userName, FIRST),
  ];
  await openProfile(page);
  const table = page.getByRole('table', { name: 'Сеансы' });
  const rows = table.locator('tbody tr');
  await expect(rows).toHaveCount(3);
  await expect(rows.first()).toContainText('этот сеанс');
  await expect(rows.first().getByRole('button')).toHaveCount(0);
  await expect(rows.nth(1)).toContainText('127.0.0.1');
  await expectNoOverflow(page);
  await rows.nth(1).getByRole('button', { name: /Завершить сеанс: / }).click();
  // Esc takes the question back, and the button has the focus again.
  await expect(dialog(page).getByRole('button', { name: 'Отмена' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(rows).toHaveCount(3);
  await expect(rows.nth(1).getByRole('button')).toBeFocused();
  await page.keyboard.press('Enter');
  await dialog(page).getByRole('button', { name: 'Завершить', exact: true }).click();
  await expect(rows).toHaveCount(2);
  await page.getByRole('button', { name: 'Завершить все' }).click();
  await dialog(page).getByRole('button', { name: 'Завершить все' }).click();
  await expect(rows).toHaveCount(1);
  await expect(page.getByRole('button', { name: 'Завершить все' })).toHaveCount(0);
  for (const [context, other] of devices) {
    await other.goto('/subsystems');
    await expect(other).toHaveURL(/\/login/);
    await context.close();
  }
});

test('an e-mail is changed by the links of both letters, and can be kept', async ({ page, server, browserErrors }) => {
  browserErrors.allow(/status of 410/);
  const { email } = await somebody(page, server, 'pochta');
  const next = mailbox('novaya');
  const change = async () => {
    await page.getByRole('button', { name: 'Сменить e-mail' }).click();
    await field(dialog(page), 'Новый e-mail').fill(next);
    await dialog(page).getByLabel('Нынешний пароль', { exact: true }).fill(FIRST);
    await dialog(page).getByRole('button', { name: 'Отправить письма' }).click();
    await expect(page.getByText(`Новый адрес ${next} ждёт подтверждения`)).toBeVisible();
  };
  await openProfile(page);
  await change();
  await page.getByRole('button', { name: 'Отменить смену' }).click();
  await dialog(page).getByRole('button', { name: 'Отменить смену' }).click();
  await expect(page.getByText('ждёт подтверждения')).toBeHidden();

  await change();
  await expectNoOverflow(page);
  const [toNew, toOld] = [await nextLetter(server, next, 2), await nextLetter(server, email, 3)];
  await openLink(page, toNew);
  await page.getByRole('main').getByRole('button').first().click();
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
  await page.goto('/profile');
  await expect(page.getByText('Новый адрес подтверждён.')).toBeVisible();
  await openLink(page, toOld);
  await page.getByRole('main').getByRole('button').first().click();
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
  await page.goto('/profile');
  await expect(page.getByRole('region', { name: 'Кто вы' })).toContainText(next);
  await expect(page.getByText('ждёт подтверждения')).toBeHidden();
});
