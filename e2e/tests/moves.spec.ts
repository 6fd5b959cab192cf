import type { Page } from '@playwright/test';
import { expectAccessible } from './axe';
import { expect, test } from './fixtures';
import {
  expectFieldError,
  expectNoOverflow,
  expectSettled,
  field,
  openCard,
  openKontingent,
  signIn,
} from './person';

/** ДД.ММ.ГГГГ, so many days from today in the region. */
function day(from: number): string {
  const date = new Date(Date.now() + from * 86_400_000);
  return new Intl.DateTimeFormat('ru-RU', {
    timeZone: 'Asia/Yekaterinburg', day: '2-digit', month: '2-digit', year: 'numeric',
  }).format(date);
}

const said = (page: Page, words: string) => page.getByRole('status').filter({ hasText: words });
const CONFIRMATIONS = '/kontingent/queues/confirmations';

test("a deputy's change of the director's card waits until the department confirms it", async ({ page }) => {
  await openKontingent(page, 'deputy_school');
  await openCard(page, 'чудинова', /Чудинова/);
  const card = page.url();
  await expect(page.getByRole('button', { name: 'Сохранить', exact: true })).toHaveCount(0);
  await field(page, 'Примечание').fill('Кабинет 1');
  await field(page, 'Конечная дата').first().fill(day(300));
  await page.getByRole('button', { name: 'Отправить на подтверждение' }).click();
  await expect(said(page, 'Отправлено на подтверждение')).toBeVisible();
  // The card is as it was, and says what waits.
  const waits = page.getByRole('link', { name: 'Изменение карточки' });
  await expect(waits).toBeVisible();
  await expect(field(page, 'Примечание')).toHaveValue('');
  await expectAccessible(page, 'the card with what waits');
  await expectNoOverflow(page);
  await waits.click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/Изменение карточки: Чудинова/);
  await expect(page.getByRole('button', { name: 'Отозвать' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Подтвердить' })).toHaveCount(0);

  await page.context().clearCookies();
  await signIn(page, 'uo_verkhnekamsk');
  await page.goto(CONFIRMATIONS);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('На подтверждение');
  await expectSettled(page);
  await expectAccessible(page, 'the queue');
  await expectNoOverflow(page);
  await page.getByRole('link', { name: /Чудинова/ }).click();
  const changes = page.getByRole('table', { name: 'Что предложено' });
  await expect(changes.getByRole('row').filter({ hasText: 'Примечание' })).toContainText('Кабинет 1');
  await expect(changes.getByRole('row').filter({ hasText: 'Дни роли' })).toContainText(day(300));
  await expectAccessible(page, 'the proposal');
  await expectNoOverflow(page);
  await page.getByRole('button', { name: 'Подтвердить' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Подтвердить' }).click();
  await expect(said(page, 'Подтверждено')).toBeVisible();
  await expect(page.getByText('подтверждено', { exact: true })).toBeVisible();
  await page.goto(card);
  await expect(field(page, 'Примечание')).toHaveValue('Кабинет 1');
  await expect(page.getByRole('link', { name: 'Изменение карточки' })).toHaveCount(0);
});

test('a proposal is declined with a reason, and its author reads it', async ({ page }) => {
  await openKontingent(page, 'officer_school');
  await openCard(page, 'чудинова', /Чудинова/);
  await page.getByRole('button', { name: 'В архив' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('управление образованием');
  await dialog.getByRole('button', { name: 'Отправить на подтверждение' }).click();
  const waits = page.getByRole('link', { name: 'Отправка в архив' });
  await expect(waits).toBeVisible();
  const address = new URL(await waits.evaluate((link: HTMLAnchorElement) => link.href)).pathname;

  await page.context().clearCookies();
  await signIn(page, 'uo_verkhnekamsk');
  await page.goto(address);
  await page.getByRole('button', { name: 'Отклонить' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Отклонить' }).click();
  await expectFieldError(page, 'Причина', /./);
  await page.getByLabel('Причина').fill('Приказа нет');
  await page.getByRole('dialog').getByRole('button', { name: 'Отклонить' }).click();
  await expect(said(page, 'Отклонено')).toBeVisible();

  await page.context().clearCookies();
  await signIn(page, 'officer_school');
  await page.goto(`${CONFIRMATIONS}?state=declined`);
  await page.getByRole('link', { name: /Чудинова/ }).click();
  await expect(page.getByText('Приказа нет')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Отозвать' })).toHaveCount(0);
});

test('a new director is proposed by a deputy', async ({ page }) => {
  await openKontingent(page, 'deputy_school');
  await page.getByRole('link', { name: 'Добавить сотрудника' }).click();
  await page.getByLabel('Роль').first().selectOption({ label: 'Директор школы' });
  await field(page, 'Фамилия').fill('Новосёлова');
  await field(page, 'Имя').fill('Дина');
  await field(page, 'Отчество').fill('Глебовна');
  await field(page, 'E-mail').fill('novoselova@school.example');
  await page.getByRole('button', { name: 'Отправить на подтверждение' }).click();
  await expect(page).toHaveURL(new RegExp(`${CONFIRMATIONS}/[0-9a-f-]{36}$`));
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/Новая карточка: Новосёлова/);
  await expectNoOverflow(page);
});

test('a dismissal names what ends', async ({ page }) => {
  await openKontingent(page, 'director_school');
  await openCard(page, 'вотинова', /Вотинова/);
  // A head sees no other organization to transfer to.
  await expect(page.getByRole('button', { name: 'Перевести' })).toHaveCount(0);
  await page.getByRole('button', { name: 'Уволить' }).click();
  const dialog = page.getByRole('dialog');
  await expect(field(dialog, 'Последний рабочий день')).toHaveValue(day(0));
  await expect(dialog).toContainText(`Завуч школы: закончится ${day(0)}`);
  await expectAccessible(page, 'the dialog of a dismissal');
  await field(dialog, 'Последний рабочий день').fill(day(-3));
  await dialog.getByRole('button', { name: 'Уволить' }).click();
  await expectFieldError(dialog, 'Последний рабочий день', /не раньше вчерашнего/);
  await field(dialog, 'Последний рабочий день').fill(day(14));
  await expect(dialog).toContainText(`закончится ${day(14)}`);
  await expectNoOverflow(page);
  await dialog.getByRole('button', { name: 'Уволить' }).click();
  await expect(said(page, 'Увольнение записано')).toBeVisible();
  await expect(field(page, 'Конечная дата').first()).toHaveValue(day(14));
});

test('by keyboard alone: a dismissal, asked and taken back, then recorded', { tag: '@desktop' }, async ({ page }) => {
  await openKontingent(page, 'director_school');
  await openCard(page, 'кашин', /Кашин/);
  const dismiss = page.getByRole('button', { name: 'Уволить' });
  await dismiss.focus();
  await page.keyboard.press('Enter');
  const day1 = field(page.getByRole('dialog'), 'Последний рабочий день');
  await expect(day1).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();
  await expect(dismiss).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(day1).toBeFocused();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type(day(30));
  await page.keyboard.press('Enter');
  await expect(said(page, 'Увольнение записано')).toBeVisible();
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
});

test('the department transfers a head to another school', async ({ page }) => {
  await openKontingent(page, 'uo_verkhnekamsk');
  await openCard(page, 'королева алена', /Королёва/);
  await field(page, 'Примечание').fill('не сохранено');
  await page.getByRole('button', { name: 'Перевести' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Несохранённые изменения пропадут.');
  await expect(field(dialog, 'Начальная дата')).toHaveValue(day(1));
  await dialog.getByRole('button', { name: 'Перевести' }).click();
  await expect(dialog).toContainText('Выберите организацию');
  await field(dialog, 'Последний рабочий день').fill(day(7));
  await expect(field(dialog, 'Начальная дата')).toHaveValue(day(8));
  const where = dialog.getByRole('combobox', { name: 'Новая организация' });
  await where.fill('СОШ');
  await dialog.getByRole('option', { name: /СОШ № 12/ }).click();
  await expect(where).toHaveValue(/СОШ № 12/);
  await dialog.getByRole('combobox', { name: 'Роль там' }).selectOption({ label: 'Директор школы' });
  await expectAccessible(page, 'the dialog of a transfer');
  await expectNoOverflow(page);
  await dialog.getByRole('button', { name: 'Перевести' }).click();
  await expect(said(page, 'Перевод записан')).toBeVisible();
  // The card there is bound to nobody, and so needs a password; here the role ends.
  const slip = page.getByRole('listitem').filter({ hasText: 'Королёва' });
  await expect(slip.getByTestId('slip-password')).toHaveText(/^\S{12}$/);
  await expect(field(page, 'Конечная дата').first()).toHaveValue(day(7));
  await expectNoOverflow(page);
});
