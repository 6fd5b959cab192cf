import type { Page } from '@playwright/test';
import { expectAccessibleInEveryColour } from './axe';
import { expect, test } from './fixtures';
import { consent, expectNowhere, expectPromised, linkOf, mailbox, nextLetter, openLink, typeApplicant } from './letters';
import { expectFieldError, expectNoOverflow, expectSettled, field, shownCredentials, signIn, signOut } from './person';

const PDF = Buffer.from(`%PDF-1.4\n${' '.repeat(2000)}\nstartxref\n9\n%%EOF\n`);

const scan = (name: string, buffer = PDF) => ({ name, mimeType: 'application/pdf', buffer });
const files = (page: Page) => page.getByLabel('Скан приказа о назначении');
const send = (page: Page) => page.getByRole('button', { name: 'Отправить заявку' });

/** Fills in all but the files. */
async function typeApplication(page: Page, email: string, family: string): Promise<void> {
  await typeApplicant(page, { family, given: 'Вера', patronymic: 'Павловна', email, position: 'Начальник отдела' });
  await page.getByRole('combobox', { name: 'Роль' }).selectOption({ label: 'Управление образованием' });
  await page.getByRole('combobox', { name: 'Управление образованием' }).fill('верхнекам');
  await page.getByRole('listbox').getByRole('option').first().click();
  await consent(page).check();
}

test('from the form with a scan over the letters to the password that is shown once', async ({ page, server, browserErrors }) => {
  // A link that was used answers so.
  browserErrors.allow(/status of 410/);
  const email = mailbox('sobianina');
  await page.goto('/support');
  await page.getByRole('link', { name: 'заявку на учётную запись' }).click();
  await expect(page.getByRole('heading', { level: 2, name: 'Заявка на учётную запись' })).toBeVisible();
  await typeApplication(page, email, 'Собянина');
  await send(page).click();
  await expectFieldError(page, 'Скан приказа о назначении', /Приложите скан приказа/);
  await expect(files(page)).toBeFocused();
  await files(page).setInputFiles([scan('Приказ № 12.pdf'), scan('лишний.pdf')]);
  await page.getByRole('button', { name: 'Убрать лишний.pdf' }).click();
  await expect(page.getByRole('list', { name: 'Выбранные файлы' })).toContainText('Приказ № 12.pdf, 2 КБ');
  await expect(page.getByRole('list', { name: 'Выбранные файлы' }).getByRole('listitem')).toHaveCount(1);
  await expectNoOverflow(page);
  await send(page).click();
  await expectPromised(page);
  const number = /\d{4}-\d{4}/.exec(await page.getByRole('main').innerText())?.[0] ?? '';
  expect(number).not.toBe('');

  const proof = await nextLetter(server, email);
  expect(proof.text).toContain(number);
  await openLink(page, proof);
  await page.getByRole('button', { name: 'Подтвердить адрес' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Адрес подтверждён' })).toBeVisible();

  await signIn(page, 'support');
  await page.getByRole('link', { name: /^Назначения в управления/ }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Назначения в управления' })).toBeFocused();
  await page.getByRole('searchbox').fill(number);
  await expect(page).toHaveURL(/query=/);
  await expectSettled(page);
  await page.locator('tbody').getByRole('link', { name: /Собянина/ }).click();
  await expect(page.getByRole('heading', { level: 1, name: /Собянина/ })).toBeVisible();
  await expectNoOverflow(page);
  const waiting = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Приказ № 12.pdf' }).click();
  expect((await waiting).suggestedFilename()).toBe('Приказ № 12.pdf');
  await page.getByRole('button', { name: 'Одобрить' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Одобрить' }).click();
  await expect(page.getByText('пароль не получен')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Открыть карточку' })).toBeVisible();
  await signOut(page);

  const approved = await nextLetter(server, email, 2);
  await openLink(page, approved);
  await page.getByRole('button', { name: 'Показать логин и пароль' }).click();
  const { login, password } = await shownCredentials(page);
  expect(login).toContain('sobian');
  expect(approved.text).not.toContain(password);
  await expectNowhere(page, password);
  await expectNoOverflow(page);
  await page.goto('about:blank');
  await page.goto(linkOf(approved).path);
  await expect(page.getByRole('heading', { level: 1, name: 'Ссылкой уже воспользовались' })).toBeVisible();
  await expect(page.getByText(password)).toHaveCount(0);
});

test('a file that is no scan is told by its name, and what was typed stays', async ({ page, browserErrors }) => {
  browserErrors.allow(/status of 422/);
  await page.goto('/account-application');
  await typeApplication(page, mailbox('zip'), 'Архивова');
  await files(page).setInputFiles([
    scan('хороший.pdf'),
    scan('архив.pdf', Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(200)])),
  ]);
  await send(page).click();
  await expectFieldError(page, 'Скан приказа о назначении', /архив\.pdf.*только файлы PDF, JPEG и PNG/);
  await expect(field(page, 'Фамилия')).toHaveValue('Архивова');
  await page.getByRole('button', { name: 'Убрать архив.pdf' }).click();
  await files(page).setInputFiles(Array.from({ length: 5 }, (_, at) => scan(`лист ${at + 2}.pdf`)));
  await expectFieldError(page, 'Скан приказа о назначении', /лист 6\.pdf.*Не больше пяти/);
  await expectNoOverflow(page);
  await page.reload();
  await expect(page.getByText('Файлы нужно выбрать заново')).toBeVisible();
  await expect(field(page, 'Фамилия')).toHaveValue('Архивова');
});

test('support declines with a reason that the applicant reads', async ({ page, server }) => {
  const email = mailbox('otkaz');
  await page.goto('/account-application');
  await typeApplication(page, email, 'Отказова');
  await files(page).setInputFiles(scan('скан.pdf'));
  await send(page).click();
  await expectPromised(page);
  await openLink(page, await nextLetter(server, email));
  await page.getByRole('button', { name: 'Подтвердить адрес' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Адрес подтверждён' })).toBeVisible();
  await signIn(page, 'support');
  await page.goto('/kontingent/queues');
  const queue = page.getByRole('main').getByRole('link', { name: /^Назначения в управления/ });
  await expect(queue).toContainText(/ждут: \d/);
  await queue.click();
  await page.locator('tbody').getByRole('link', { name: /Отказова/ }).click();
  await page.getByRole('button', { name: 'Отклонить' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Отклонить' }).click();
  await expectFieldError(page.getByRole('dialog'), 'Причина', /Укажите причину/);
  await page.getByRole('dialog').getByLabel('Причина').fill('Приказ без подписи');
  await page.getByRole('dialog').getByRole('button', { name: 'Отклонить' }).click();
  await expect(page.getByRole('main')).toContainText('Приказ без подписи');
  expect((await nextLetter(server, email, 2)).text).toContain('Приказ без подписи');
});

test('queues tell what waits, on their page and in the menu', async ({ page, browserErrors }) => {
  // A department asks for a list that is the organization's own.
  browserErrors.allow(/status of 403/);
  await signIn(page, 'director_school');
  await page.goto('/kontingent/queues');
  await expect(page.getByRole('heading', { level: 1, name: 'Очереди' })).toBeVisible();
  const main = page.getByRole('main');
  await expect(main.getByRole('link', { name: /^Расхождения с Госуслугами/ })).toContainText('ждут: 1');
  // The demo has one row in this queue.
  const menu = page.getByRole('navigation', { name: 'Контингент' });
  await expect(menu.getByRole('link', { name: /^Расхождения с Госуслугами, ждут: 1$/ })).toBeVisible();
  await expect(menu.getByRole('link', { name: /^Очереди, ждут: \d+$/ })).toHaveAttribute('aria-current', 'page');
  await expectNoOverflow(page);
  await main.getByRole('link', { name: /^Пароли карточек с истёкшим сроком/ }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Пароли карточек с истёкшим сроком' })).toBeFocused();
  await expectSettled(page);
  await expectNoOverflow(page);
  await signOut(page);
  await signIn(page, 'uo_verkhnekamsk');
  await page.goto('/kontingent/queues/expired');
  await expect(page.getByText('Этот список видят руководитель и ответственные организации')).toBeVisible();
});

test.describe('by keyboard alone', { tag: '@desktop' }, () => {
  test('the form is filled in and sent', async ({ page }) => {
    await page.goto('/account-application');
    const name = field(page, 'Фамилия');
    await name.focus();
    await page.keyboard.type('Клавишина');
    await page.keyboard.press('Tab');
    await page.keyboard.type('Вера');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await expect(page.getByRole('checkbox', { name: 'Без отчества' })).toBeChecked();
    await page.keyboard.press('Tab');
    await page.keyboard.type(mailbox('keys'));
    await page.keyboard.press('Tab');
    await page.keyboard.type('Начальник');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    // Letters of another layout are put in as text, which a choice does not take.
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await expect(page.getByRole('combobox', { name: 'Роль' })).toHaveValue('preschool_department');
    await page.keyboard.press('Tab');
    await page.keyboard.type('сылвен');
    await expect(page.getByRole('listbox').getByRole('option').first()).toBeVisible();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await expect(files(page)).toBeFocused();
    // What a file is chosen with is the system's.
    await files(page).setInputFiles(scan('скан.pdf'));
    await consent(page).focus();
    await page.keyboard.press('Space');
    await page.keyboard.press('Enter');
    await expectPromised(page);
  });
});

test('the form, the queues and an application are for everybody', async ({ page }) => {
  await page.goto('/account-application');
  await expect(page.getByRole('heading', { level: 2, name: 'Заявка на учётную запись' })).toBeVisible();
  await send(page).click();
  await expectAccessibleInEveryColour(page, 'an application with every error');
  await signIn(page, 'support');
  await page.goto('/kontingent/queues');
  await expect(page.getByRole('main').getByRole('link', { name: /^Заявки на регистрацию/ })).toContainText('ждут: 1');
  await expectAccessibleInEveryColour(page, 'queues');
  await page.goto('/support/account-applications');
  await expectSettled(page);
  await expectAccessibleInEveryColour(page, 'applications of departments');
});
