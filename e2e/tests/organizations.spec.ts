import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures';
import { expectAlert, expectFieldError, expectNoOverflow, field, save, signIn } from './person';

const ORGANIZATIONS = '/kontingent/organizations';
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name });
const dialog = (page: Page) => page.getByRole('dialog');

async function expectAccessible(page: Page): Promise<void> {
  await expectNoOverflow(page);
  const found = await new AxeBuilder({ page }).withTags(RULES).analyze();
  expect(found.violations.map((violation) => `${violation.id}: ${violation.nodes[0]?.html}`)).toEqual([]);
}

async function openOrganizations(page: Page, userName: string): Promise<void> {
  await signIn(page, userName);
  await page.goto(ORGANIZATIONS);
  await expect(heading(page, 'Организации')).toBeVisible();
}

/** Types into a combobox and takes the first option. */
async function choose(page: Page, label: string, text: string): Promise<void> {
  await page.getByRole('combobox', { name: label }).fill(text);
  await page.getByRole('listbox', { name: label }).getByRole('option').first().click();
}

/** Each journey has an organization of its own. */
let number = Date.now() % 1000;
async function create(page: Page, name: string, kind = 'Школа'): Promise<void> {
  number += 1;
  await page.getByRole('link', { name: 'Новая организация' }).click();
  await expect(heading(page, 'Новая организация')).toBeVisible();
  await choose(page, 'Кому подчиняется', 'верхнекамск управление');
  await page.getByRole('combobox', { name: 'Вид организации' }).selectOption({ label: kind });
  await field(page, 'Полное наименование').fill(`Муниципальное учреждение «${name}»`);
  await field(page, 'Краткое наименование').fill(name);
  await field(page, 'Населённый пункт').fill('Верхнекамск');
  await field(page, 'ИНН').fill('7707083893');
  await field(page, 'КПП').fill(`590${String(number % 1000).padStart(3, '0')}001`);
  await page.getByRole('button', { name: 'Создать' }).click();
  await expect(heading(page, name)).toBeVisible();
}

test('the tree is opened by the keyboard alone, and stands so after a page', async ({ page }) => {
  await openOrganizations(page, 'support');
  const departments = page.getByRole('button', { name: /^Подчинённые: Управление образования/ });
  await expect(departments.first()).toHaveAttribute('aria-expanded', 'false');
  await departments.first().focus();
  await page.keyboard.press('Enter');
  await expect(departments.first()).toHaveAttribute('aria-expanded', 'true');
  const below = page.locator('.tree-below .tree-below');
  await expect(below.getByRole('link').first()).toBeVisible();
  // From the button to its own name, then to the first below.
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await expect(below.getByRole('link').first()).toBeFocused();
  await expectAccessible(page);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('region', { name: 'Организация' })).toBeVisible();
  await expectAccessible(page);
  await page.goBack();
  await expect(below.getByRole('link').first()).toBeVisible();
});

test('search finds by beginnings of words, and its address brings it back', async ({ page }) => {
  await openOrganizations(page, 'support');
  await page.getByRole('searchbox').fill('гимназ верхнекамск');
  await expect(page).toHaveURL(/query=/);
  const table = page.getByRole('table', { name: 'Найденные организации' });
  await expect(table).toContainText(/гимназ/i);
  await expectAccessible(page);
  await page.reload();
  await expect(table).toContainText(/гимназ/i);
  await page.getByRole('searchbox').fill('ъъъъ');
  await expect(page.getByText('Ничего не нашлось')).toBeVisible();
  await page.getByRole('link', { name: 'Показать дерево' }).click();
  await expect(page.getByRole('button', { name: /^Подчинённые:/ }).first()).toBeVisible();
});

test('a head looks at the own organization and is offered nothing', async ({ page }) => {
  await openOrganizations(page, 'director_school');
  await expect(page.getByRole('link', { name: 'Новая организация' })).toHaveCount(0);
  await page.locator('.tree').getByRole('link').first().click();
  await expect(page.getByRole('region', { name: 'Сотрудники' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Изменить' })).toHaveCount(0);
  await expect(page.getByRole('region', { name: 'Что сделать с организацией' })).toHaveCount(0);
});

test('a department creates, changes and closes; what is typed is not lost', async ({ page, browserErrors }) => {
  browserErrors.allow(/status of 422/);
  await openOrganizations(page, 'uo_verkhnekamsk');
  await page.getByRole('link', { name: 'Новая организация' }).click();
  await page.getByRole('button', { name: 'Создать' }).click();
  await expectFieldError(page, 'Кому подчиняется', 'Выберите, кому организация подчиняется');
  await field(page, 'ИНН').fill('7707083894');
  await field(page, 'КПП').fill('5902');
  await expectFieldError(page, 'ИНН', /опечатка/);
  await expectAccessible(page);
  await page.getByRole('link', { name: 'Подсистемы' }).first().click();
  await expect(dialog(page)).toContainText('несохранённые изменения');
  await dialog(page).getByRole('button', { name: 'Остаться' }).click();
  await expect(field(page, 'ИНН')).toHaveValue('7707083894');
  await page.getByRole('button', { name: 'Отмена' }).click();
  await dialog(page).getByRole('button', { name: 'Уйти без сохранения' }).click();
  await expect(heading(page, 'Организации')).toBeVisible();

  await create(page, 'Школа на Весляне');
  await page.getByRole('button', { name: 'Изменить' }).click();
  await field(page, 'Краткое наименование').fill('Лицей на Весляне');
  await page.getByRole('checkbox', { name: /только через Госуслуги/ }).check();
  await expectAccessible(page);
  await save(page).click();
  await expect(heading(page, 'Лицей на Весляне')).toBeVisible();
  await expect(page.getByRole('region', { name: 'Организация' })).toContainText('только через Госуслуги');

  await page.getByRole('button', { name: 'Закрыть организацию' }).click();
  await field(page, 'Последний день работы').fill('01.01.2020');
  await page.getByRole('button', { name: /и закрыть$/ }).click();
  await expectFieldError(page, 'Последний день работы', /раньше вчерашнего/);
  await field(page, 'Последний день работы').fill(await page.evaluate(() => {
    const yesterday = new Date(Date.now() + 5 * 3600_000 - 86_400_000);
    return yesterday.toISOString().slice(0, 10).split('-').reverse().join('.');
  }));
  await page.getByRole('button', { name: /и закрыть$/ }).click();
  await expect(dialog(page)).toContainText('Действующих ролей в ней нет');
  await dialog(page).getByRole('button', { name: 'Закрыть' }).click();
  await expect(page.getByText('Организация закрыта').first()).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Открыть снова' }).click();
  await dialog(page).getByRole('button', { name: 'Открыть' }).click();
  await expect(page.getByRole('button', { name: 'Закрыть организацию' })).toBeVisible();
});

test('two people change one organization: the second chooses, and loses nothing', async ({ page, browser, server, browserErrors }) => {
  browserErrors.allow(/status of 409/);
  await openOrganizations(page, 'uo_verkhnekamsk');
  await create(page, 'Школа двоих');
  await page.getByRole('button', { name: 'Изменить' }).click();
  await field(page, 'Населённый пункт').fill('Мой посёлок');
  const context = await browser.newContext({ baseURL: server.url, locale: 'ru-RU' });
  browserErrors.watch(context);
  const other = await context.newPage();
  await signIn(other, 'support');
  await other.goto(new URL(page.url()).pathname);
  await other.getByRole('button', { name: 'Изменить' }).click();
  await field(other, 'Краткое наименование').fill('Школа троих');
  await save(other).click();
  await expect(heading(other, 'Школа троих')).toBeVisible();
  await context.close();
  await save(page).click();
  await expectAlert(page, 'Организацию изменил другой человек');
  await expect(field(page, 'Населённый пункт')).toHaveValue('Мой посёлок');
  await page.getByRole('button', { name: 'Оставить моё' }).click();
  await save(page).click();
  await expect(page.getByRole('region', { name: 'Организация' })).toContainText('Мой посёлок');
});

test('support joins one organization to another after a look at what follows', async ({ page }) => {
  await openOrganizations(page, 'support');
  await create(page, 'Школа, которая уходит');
  await page.getByRole('button', { name: 'Присоединить к другой' }).click();
  await choose(page, 'К какой организации', 'гимназ верхнекамск');
  await page.getByRole('button', { name: 'Посмотреть, что произойдёт' }).click();
  await expect(page.getByText(/Перейдут: 0/)).toBeVisible();
  await page.getByRole('button', { name: 'Присоединить…' }).click();
  await expectAccessible(page);
  await dialog(page).getByRole('button', { name: 'Присоединить' }).click();
  await expect(page.getByText('Организация присоединена к другой')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Изменить' })).toHaveCount(0);
});

test('a file is shown with its mistakes, then taken', async ({ page }) => {
  await openOrganizations(page, 'support');
  await page.getByRole('link', { name: 'Загрузить из файла' }).click();
  await expect(heading(page, 'Загрузка организаций из файла')).toBeVisible();
  const head = 'Вид;Краткое наименование;Полное наименование;ИНН;КПП;Кому подчиняется';
  const csv = (row: string) => ({ name: 'школы.csv', mimeType: 'text/csv', buffer: Buffer.from(`${head}\n${row}\n`) });
  const choosing = page.getByLabel('Файл');
  await choosing.setInputFiles(csv('школа;Школа файла;Школа файла;7830002294;590201001;Неведомое управление'));
  await expect(page.getByRole('table', { name: 'Ошибки в файле' })).toContainText('опечатка');
  await expectAccessible(page);
  await choosing.setInputFiles(csv('школа;Школа файла;Школа файла;7830002293;590201001;Краевое управление СПО'));
  await expect(page.getByText('Будет создано: 1')).toBeVisible();
  await page.getByRole('button', { name: 'Загрузить' }).click();
  await expect(page.getByText('Создано: 1. Изменено: 0.')).toBeVisible();
  await expectAccessible(page);
});

test('an organization with open ones below is not closed, and why is told before any question', async ({ page }) => {
  await signIn(page, 'support');
  await page.goto('/kontingent/organizations?query=' + encodeURIComponent('управление верхнекамск'));
  await page.getByRole('table').getByRole('link').first().click();
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await page.getByRole('button', { name: 'Закрыть организацию' }).click();
  await page.getByRole('button', { name: 'Посмотреть, что закончится, и закрыть' }).click();
  await expect(page.getByText(/^Подчинены ещё \d+\sорганизаци/)).toBeVisible();
  await expect(page.getByRole('dialog')).toHaveCount(0);
});
