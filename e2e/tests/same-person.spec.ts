import type { Page } from '@playwright/test';
import { expectAccessibleInEveryColour } from './axe';
import { expect, test } from './fixtures';
import {
  expectNoOverflow,
  expectSettled,
  field,
  openCard,
  openKontingent,
  save,
  search,
  shownCredentials,
  signIn,
  signOut,
  typePerson,
} from './person';

const NEW = '/kontingent/employees/new';
const notice = (page: Page) => page.getByRole('alert').filter({ hasText: 'Похоже, карточка этого человека уже есть' });
const saved = (page: Page) => page.getByRole('status').filter({ hasText: 'Карточка сохранена' });

/** A teacher's card; the program goes to it. */
async function create(page: Page, family: string, given: string, email: string): Promise<void> {
  await page.goto(NEW);
  await page.getByLabel('Роль').selectOption({ label: 'Учитель' });
  await typePerson(page, { family, given, patronymic: 'Игоревна', email });
  await save(page).click();
}

test('a likely duplicate is shown before the card is saved, and whoever goes on saves it by keyboard', async ({ page, browserErrors }) => {
  browserErrors.allow(/status of 409/);
  await openKontingent(page, 'director_school');
  await create(page, 'Дубравина-Лесная', 'Алла', 'dubravina@school.example');
  await expect(page).toHaveURL(/employees\/[0-9a-f-]{36}$/);
  await shownCredentials(page);
  await page.getByRole('button', { name: 'Скопировать' }).click();

  await create(page, 'Дубровина-Лесная', 'Алла', 'other@school.example');
  await expect(notice(page)).toContainText('Дубравина-Лесная Алла Игоревна');
  await expect(notice(page)).toContainText('Учитель');
  await expect(page.locator('#duplicates')).toBeFocused();
  await expect(page).toHaveURL(/\/new$/);
  await expectAccessibleInEveryColour(page, 'likely duplicate');
  const [known] = await Promise.all([page.waitForEvent('popup'), notice(page).getByRole('link', { name: /^Открыть/ }).click()]);
  await expect(field(known, 'Фамилия')).toHaveValue('Дубравина-Лесная');
  await known.close();
  await expect(field(page, 'Фамилия'), 'what was typed stays').toHaveValue('Дубровина-Лесная');

  // The way back to the form, and another name: nobody is suspected.
  await page.getByRole('button', { name: 'Вернуться к форме' }).press('Enter');
  await expect(notice(page)).toHaveCount(0);
  await expect(field(page, 'Фамилия')).toBeFocused();
  await field(page, 'Фамилия').press('Enter');
  await expect(page.locator('#duplicates')).toBeFocused();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Всё равно сохранить' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(saved(page)).toBeVisible();
  await expect(page).toHaveURL(/employees\/[0-9a-f-]{36}$/);
  await shownCredentials(page);
});

test('two cards of one person become one, and the history of both is read', async ({ page, browserErrors }) => {
  browserErrors.allow(/status of 409/);
  await openKontingent(page, 'director_school');
  await create(page, 'Суздальцева', 'Инесса', 'suzdal@school.example');
  await expect(page).toHaveURL(/employees\/[0-9a-f-]{36}$/);
  const first = (await shownCredentials(page)).login;
  await page.getByRole('button', { name: 'Скопировать' }).click();
  const stays = page.url();
  await create(page, 'Суздальцева', 'Инесса', 'inessa@school.example');
  await page.getByRole('button', { name: 'Всё равно сохранить' }).click();
  await expect(page).toHaveURL(/employees\/[0-9a-f-]{36}$/);
  const second = (await shownCredentials(page)).login;
  await page.getByRole('button', { name: 'Скопировать' }).click();
  const goes = page.url();

  await page.goto(stays);
  await page.getByRole('link', { name: 'Объединить с другой карточкой' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Объединить карточки' })).toBeVisible();
  await page.getByRole('combobox', { name: 'Вторая карточка' }).fill('суздальцева');
  // The card itself is not offered.
  await expect(page.getByRole('option')).toHaveCount(1);
  await expectNoOverflow(page);
  await page.getByRole('option').filter({ hasText: second }).click();
  await expect(page.getByRole('heading', { name: 'Уйдёт в архив' })).toBeVisible();
  await expect(page.getByRole('listitem').filter({ hasText: 'Учитель, с ' })).toHaveCount(1);
  await expect(page.getByRole('alert').or(page.getByText(`Логин ${second} больше никому не достанется`)).first()).toBeVisible();
  await expectAccessibleInEveryColour(page, 'preview of a merge');
  // Turned round and back.
  await page.getByRole('link', { name: 'Поменять местами' }).click();
  await expect(page.getByText(`Логин ${first} больше никому не достанется`)).toBeVisible();
  await page.getByRole('link', { name: 'Поменять местами' }).click();
  await expect(page.getByText(`Логин ${second} больше никому не достанется`)).toBeVisible();
  await page.getByRole('group', { name: 'E-mail' }).getByRole('radio', { name: 'inessa@school.example' }).check();
  await page.getByRole('button', { name: 'Объединить карточки' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Карточки объединены' })).toBeVisible();
  await expect(page).toHaveURL(stays);
  await expect(field(page, 'E-mail')).toHaveValue('inessa@school.example');

  // The history, by keyboard.
  const history = page.locator('details.history');
  await history.locator('summary').focus();
  await page.keyboard.press('Enter');
  const entry = history.getByRole('listitem').filter({ hasText: 'Присоединена другая карточка' });
  await expect(entry).toContainText(second);
  await expect(history.getByRole('listitem').filter({ hasText: 'Изменены данные карточки' })).toContainText('suzdal@school.example');
  await expect(history.getByRole('listitem').last()).toContainText('Карточка создана');
  // Below the bar that stays at the bottom of a phone nothing may lie in halves while it is looked at.
  await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
  await expectAccessibleInEveryColour(page, 'history of a card');

  await page.goto(goes);
  await expect(page.getByText(/Карточка в архиве с/)).toBeVisible();
  await page.locator('details.history summary').click();
  await expect(page.locator('details.history')).toContainText('Карточка вошла в другую');
  await page.getByRole('link', { name: 'открыть оставшуюся карточку' }).click();
  await expect(page).toHaveURL(stays);
  await page.goto('/kontingent/employees');
  await search(page, 'суздальцева');
  await expect(page.getByRole('main').getByRole('link', { name: /Суздальцева/ })).toHaveCount(1);
});

test('a change that makes two cards alike is asked about, and offers to merge them', async ({ page, browserErrors }) => {
  browserErrors.allow(/status of 409/);
  await openKontingent(page, 'director_school');
  await create(page, 'Полуэктова', 'Роза', 'roza@school.example');
  await expect(page).toHaveURL(/employees\/[0-9a-f-]{36}$/);
  await page.getByRole('button', { name: 'Скопировать' }).click();
  await page.goto('/kontingent/employees');
  await openCard(page, 'верещагина', /Верещагина/);
  await field(page, 'Фамилия').fill('Полуэктова');
  await field(page, 'Имя').fill('Роза');
  await field(page, 'Отчество').fill('Игоревна');
  await save(page).click();
  await expect(notice(page)).toContainText('Полуэктова Роза Игоревна');
  await expectNoOverflow(page);
  const [merging] = await Promise.all([page.waitForEvent('popup'), notice(page).getByRole('link', { name: /^Объединить с ней/ }).click()]);
  await expect(merging.getByRole('heading', { name: 'Останется', exact: true })).toBeVisible();
  await merging.close();
});

test('columns and own filters stay in this browser, and go with another account', async ({ page }) => {
  await openKontingent(page, 'director_school');
  const table = page.getByRole('table', { name: 'Сотрудники' });
  await expect(table.getByRole('columnheader', { name: 'Логин' })).toBeAttached();
  await page.locator('summary', { hasText: 'Столбцы' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('checkbox', { name: 'Логин', exact: true }).focus();
  await page.keyboard.press('Space');
  await expect(table.getByRole('columnheader', { name: 'Логин' })).toHaveCount(0);
  await expect(page.getByRole('checkbox', { name: 'Логин', exact: true })).not.toBeChecked();

  await page.getByRole('combobox', { name: 'Роль' }).selectOption({ label: 'Учитель' });
  await expect(page).toHaveURL(/role=teacher/);
  await expectSettled(page);
  await page.locator('summary', { hasText: 'Мои фильтры' }).click();
  await page.getByRole('button', { name: 'Сохранить фильтр' }).click();
  await expect(page.getByText('Назовите фильтр')).toBeVisible();
  await field(page, 'Название нынешнего фильтра').fill('Мои учителя');
  await field(page, 'Название нынешнего фильтра').press('Enter');
  await expect(page.getByRole('link', { name: 'Мои учителя' })).toBeVisible();
  await expectAccessibleInEveryColour(page, 'own settings of the list');

  await page.goto('/kontingent/employees');
  await expect(table).toBeVisible();
  await expect(table.getByRole('columnheader', { name: 'Логин' })).toHaveCount(0);
  await page.locator('summary', { hasText: 'Мои фильтры' }).click();
  await page.getByRole('link', { name: 'Мои учителя' }).click();
  await expect(page).toHaveURL(/role=teacher/);
  await expect(page.getByRole('combobox', { name: 'Роль' })).toHaveValue('teacher');

  await signOut(page);
  await signIn(page, 'deputy_school');
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }));
  expect(kept).not.toContain('Мои учителя');
  await page.goto('/kontingent/employees');
  await expect(table.getByRole('columnheader', { name: 'Логин' })).toBeAttached();
  await page.locator('summary', { hasText: 'Мои фильтры' }).click();
  await expect(page.getByRole('link', { name: 'Мои учителя' })).toHaveCount(0);
});
