import type { Page } from '@playwright/test';
import { expect, test } from './fixtures';
import { consent, expectPromised, FIRST, mailbox, nextLetter, openLink, register, sendApplication, setPassword, typeApplicant } from './letters';
import { expectAlert, expectFieldError, expectNoOverflow, field, signIn, typeCredentials } from './person';
import type { DemoServer } from './server';

const dialog = (page: Page) => page.getByRole('dialog');

/** Somebody with an organization that is not listed, who has proven the address. */
async function applies(page: Page, server: DemoServer, name: string, family: string): Promise<string> {
  const email = mailbox(name);
  await page.goto('/register');
  await typeApplicant(page, { family, given: 'Яков', email, position: 'Завуч' });
  await page.getByRole('checkbox', { name: 'Моей организации нет в списке' }).check();
  await field(page, 'Полное наименование организации').fill('Школа на Вишере');
  await field(page, 'Краткое наименование организации').fill('ШнВ');
  await field(page, 'Населённый пункт').fill('Красновишерск');
  await field(page, 'ИНН организации').fill('7707083893');
  // Each journey has an organization of its own.
  await field(page, 'КПП организации').fill(`5902010${String(Date.now() % 100).padStart(2, '0')}`);
  await consent(page).check();
  await sendApplication(page);
  await expectPromised(page);
  await openLink(page, await nextLetter(server, email));
  await page.getByRole('button', { name: 'Подтвердить адрес' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Адрес подтверждён' })).toBeVisible();
  return email;
}

/** Opens a page of support by its tile, and one row of its list by the name in it. */
async function openOne(page: Page, list: string, search: string, name: RegExp): Promise<void> {
  await page.goto('/subsystems');
  await page.getByRole('link', { name: new RegExp(`^${list}`) }).click();
  await expect(page.getByRole('heading', { level: 1, name: list })).toBeFocused();
  await page.getByRole('searchbox').fill(search);
  await expect(page).toHaveURL(/query=/);
  await expectNoOverflow(page);
  await page.locator('tbody').getByRole('link', { name }).first().click();
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
  await expectNoOverflow(page);
}

test('others than support have no way in', async ({ page }) => {
  await signIn(page, 'director_school');
  await expect(page.getByRole('link', { name: /^Контингент/ }).first()).toBeVisible();
  await expect(page.getByRole('link', { name: /^Учётные записи/ })).toHaveCount(0);
  for (const path of ['/accounts', '/applications', '/accounts/01900000-0000-7000-8000-000000000000']) {
    await page.goto(path);
    await expect(page.getByRole('heading', { level: 1, name: 'Нет прав' })).toBeVisible();
  }
});

test('the list is searched and filtered, and its address brings it back', async ({ page }) => {
  await signIn(page, 'support');
  await page.goto('/accounts');
  await expect(page.getByRole('status').filter({ hasText: /Найдено/ })).toBeVisible();
  await page.getByRole('combobox', { name: 'Состояние' }).selectOption({ label: 'Заблокированы' });
  await expect(page).toHaveURL(/state=blocked/);
  await expect(page.getByRole('status').filter({ hasText: 'Найдено: 1' })).toBeVisible();
  await expect(page.getByRole('table', { name: 'Учётные записи' })).toContainText('заблокирована');
  await page.reload();
  await expect(page.getByRole('status').filter({ hasText: 'Найдено: 1' })).toBeVisible();
  await page.getByRole('searchbox').fill('ъъъъ');
  await expect(page.getByText('Ничего не нашлось')).toBeVisible();
  await page.getByRole('link', { name: 'Сбросить' }).click();
  await expect(page).toHaveURL(/\/accounts$/);
  const next = page.getByRole('link', { name: /Следующая страница/ });
  await next.click();
  await expect(page).toHaveURL(/after=/);
  await page.goBack();
  await expect(page.getByRole('link', { name: /Предыдущая страница/ })).toHaveCount(0);
});

test('an account is blocked with a reason: its sessions end at once, and its journal tells', async ({ page, server, browser, browserErrors }) => {
  browserErrors.allow(/status of 40[13]/);
  const email = mailbox('blok');
  const context = await browser.newContext({ baseURL: server.url, locale: 'ru-RU' });
  browserErrors.watch(context);
  const person = await context.newPage();
  await register(person, { family: 'Щукин', given: 'Яков', email, position: 'Завуч' });
  await openLink(person, await nextLetter(server, email));
  const userName = await setPassword(person, FIRST);
  await typeCredentials(person, userName, FIRST);
  await expect(person).toHaveURL(/\/subsystems$/);

  await signIn(page, 'support');
  await openOne(page, 'Учётные записи', userName, /Щукин Яков/);
  await page.getByRole('button', { name: 'Заблокировать' }).click();
  await expect(dialog(page).getByLabel('Причина')).toBeFocused();
  await dialog(page).getByRole('button', { name: 'Заблокировать' }).click();
  await expectFieldError(dialog(page), 'Причина', /Укажите причину/);
  await dialog(page).getByLabel('Причина').fill('Уволен по соглашению сторон');
  await dialog(page).getByRole('button', { name: 'Заблокировать' }).click();
  await expect(page.getByText('Уволен по соглашению сторон').first()).toBeVisible();
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
  await expect(page.getByRole('table', { name: 'Журнал' })).toContainText('Уволен по соглашению сторон');

  await person.goto('/profile');
  await expect(person).toHaveURL(/\/login/);
  await typeCredentials(person, userName, FIRST);
  await expectAlert(person, 'Учётная запись заблокирована');

  await page.getByRole('button', { name: 'Разблокировать' }).click();
  await dialog(page).getByRole('button', { name: 'Разблокировать' }).click();
  await expect(page.getByText('действует').first()).toBeVisible();
  await typeCredentials(person, userName, FIRST);
  await expect(person.getByRole('heading', { level: 1, name: 'Мой профиль' })).toBeVisible();
  await context.close();
});

test('a letter is sent again, and a lost e-mail replaced with a reason', async ({ page, server, browserErrors }) => {
  browserErrors.allow(/status of 422/);
  const email = mailbox('poterya');
  await register(page, { family: 'Ершов', given: 'Яков', email, position: 'Завуч' });
  await openLink(page, await nextLetter(server, email));
  const userName = await setPassword(page, FIRST);
  await signIn(page, 'support');
  await openOne(page, 'Учётные записи', userName, /Ершов Яков/);
  await page.getByRole('button', { name: 'Отправить письмо ещё раз' }).click();
  await dialog(page).getByRole('button', { name: 'Отправить' }).click();
  await expect(dialog(page)).toBeHidden();
  await nextLetter(server, email, 2);

  const next = mailbox('naydeno');
  await page.getByRole('button', { name: 'Заменить e-mail' }).click();
  await field(dialog(page), 'Новый e-mail').fill('не адрес');
  await dialog(page).getByRole('button', { name: 'Заменить' }).click();
  await expect(field(dialog(page), 'Новый e-mail')).toBeFocused();
  await field(dialog(page), 'Новый e-mail').fill(next);
  await dialog(page).getByLabel('Причина').fill('Показал паспорт');
  await dialog(page).getByRole('button', { name: 'Заменить' }).click();
  await expect(page.getByRole('region', { name: 'Учётная запись' })).toContainText(next);
  await nextLetter(server, email, 3);
  await nextLetter(server, next);
});

test('nobody changes the own account', async ({ page, browserErrors }) => {
  browserErrors.allow(/status of 404/);
  await signIn(page, 'support');
  await openOne(page, 'Учётные записи', 'support', /./);
  await expect(page.getByText('Это ваша учётная запись')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Заблокировать' })).toHaveCount(0);
  await page.goto('/accounts/01900000-0000-7000-8000-000000000000');
  await expect(page.getByRole('heading', { level: 1, name: 'Учётная запись не найдена' })).toBeVisible();
  await page.goto('/accounts/чепуха');
  await expect(page.getByRole('heading', { level: 1, name: 'Не найдено' })).toBeVisible();
});

test('an application is approved with a new organization, and the applicant gets the letter', async ({ page, server }) => {
  const email = await applies(page, server, 'zayavka', 'Хариусов');
  await signIn(page, 'support');
  await openOne(page, 'Заявки', 'хариусов', /Хариусов Яков/);
  const about = page.getByRole('region', { name: 'Что в заявке' });
  for (const text of [email, 'Школа на Вишере', 'Красновишерск', '7707083893', 'ждёт решения']) {
    await expect(about).toContainText(text);
  }
  await page.getByRole('button', { name: 'Одобрить' }).click();
  const listed = page.getByRole('combobox', { name: 'Организация', exact: true });
  await expect(listed).toHaveAttribute('aria-invalid', 'true');
  await expect(listed).toHaveAccessibleDescription(/Выберите организацию/);
  await page.getByRole('combobox', { name: 'Организация заявителя' }).selectOption({ label: 'Создать новую' });
  await page.getByRole('combobox', { name: 'Вид организации' }).selectOption({ label: 'Школа' });
  const parent = page.getByRole('combobox', { name: 'Кому подчиняется' });
  await parent.fill('управление');
  await page.locator('.listbox').getByRole('option').first().click();
  await page.getByRole('button', { name: 'Одобрить' }).click();
  await expect(dialog(page)).toContainText('Будет создана организация «ШнВ»');
  await dialog(page).getByRole('button', { name: 'Одобрить' }).click();
  await expect(about).toContainText('пароль не задан');
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
  await openLink(page, await nextLetter(server, email, 2));
  await expect(page.getByRole('heading', { level: 1, name: 'Придумайте пароль' })).toBeVisible();
});

test('an application is approved into an organization of the list', async ({ page, server }) => {
  const email = await applies(page, server, 'spisok', 'Голавлёв');
  await signIn(page, 'support');
  await openOne(page, 'Заявки', 'голавлев', /Голавлёв Яков/);
  await page.getByRole('combobox', { name: 'Организация', exact: true }).fill('гимназия');
  await page.locator('.listbox').getByRole('option').first().click();
  await page.getByRole('button', { name: 'Одобрить' }).click();
  await dialog(page).getByRole('button', { name: 'Одобрить' }).click();
  await expect(page.getByRole('region', { name: 'Что в заявке' })).toContainText('пароль не задан');
  await page.getByRole('button', { name: 'Отправить письмо ещё раз' }).click();
  await dialog(page).getByRole('button', { name: 'Отправить' }).click();
  await expect(dialog(page)).toBeHidden();
  await nextLetter(server, email, 3);
});

test('an application is declined, the letter has the reason, and the second of two is told', async ({ page, server, browserErrors }) => {
  browserErrors.allow(/status of 409/);
  const email = await applies(page, server, 'otkaz', 'Налимов');
  await signIn(page, 'support');
  await openOne(page, 'Заявки', 'налимов', /Налимов Яков/);
  const other = await page.context().newPage();
  await other.goto(page.url());
  await other.getByRole('button', { name: 'Отклонить' }).click();
  await other.getByLabel('Причина').fill('Такой школы в крае нет');
  await other.getByRole('dialog').getByRole('button', { name: 'Отклонить' }).click();
  await expect(other.getByRole('region', { name: 'Что в заявке' })).toContainText('Такой школы в крае нет');
  expect((await nextLetter(server, email, 2)).text).toContain('Такой школы в крае нет');
  await other.close();

  await page.getByRole('button', { name: 'Отклонить' }).click();
  await page.getByLabel('Причина').fill('Ещё раз');
  await dialog(page).getByRole('button', { name: 'Отклонить' }).click();
  await expect(dialog(page)).toContainText('Решение уже принято');
  // What was decided stands there once the question is closed.
  await dialog(page).getByRole('button', { name: 'Отмена' }).click();
  await expect(page.getByRole('region', { name: 'Что в заявке' })).toContainText('отклонена');
  await page.goto('/applications?state=declined');
  await expect(page.getByRole('link', { name: /Налимов/ })).toBeVisible();
});
