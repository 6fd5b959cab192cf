import AxeBuilder from '@axe-core/playwright';
import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures';
import { expectNoOverflow, field, openKontingent } from './person';

/** The bytes of a text in Windows-1251, as an old Excel writes them. */
function windows1251(text: string): Buffer {
  return Buffer.from([...text].map((letter) => {
    const code = letter.charCodeAt(0);
    if (code < 0x80) return code;
    if (letter === 'Ё') return 0xa8;
    if (letter === 'ё') return 0xb8;
    if (letter === '№') return 0xb9;
    return code - 0x410 + 0xc0;
  }));
}

async function choose(page: Page, name: string, buffer: Buffer): Promise<void> {
  await page.getByLabel('Файл', { exact: true }).setInputFiles({ name, mimeType: 'application/octet-stream', buffer });
  await expect(page.getByRole('heading', { name: '2. Проверьте столбцы' })).toBeVisible();
}

async function openImport(page: Page, userName: string): Promise<void> {
  await openKontingent(page, userName);
  await page.getByRole('link', { name: 'Импорт', exact: true }).click();
  await expect(page.getByRole('heading', { name: '1. Выберите файл' })).toBeVisible();
}

async function expectAccessible(page: Page): Promise<void> {
  const found = await new AxeBuilder({ page }).analyze();
  expect(found.violations.map((violation) => `${violation.id}: ${violation.nodes[0]?.html}`)).toEqual([]);
  await expectNoOverflow(page);
}

test('a file of Windows-1251 is corrected, applied, and changes nothing the second time', async ({ page, browserErrors }) => {
  browserErrors.allow(/status of 422/);
  await openImport(page, 'director_school');
  await expectAccessible(page);
  await page.getByLabel('Файл', { exact: true }).setInputFiles({
    name: 'picture.csv', mimeType: 'text/csv', buffer: Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2]),
  });
  await expect(page.getByText('Это не таблица')).toBeVisible();

  const head = 'ФИО;E-mail;Роль;Конечная дата\r\n';
  const good = 'Ёжикова Анна Львовна;ezhikova@example.ru;Учитель;\r\n';
  await choose(page, 'staff.csv', windows1251(`${head}${good}Ив4нова Анна;ivanova@example.ru;Учитель;31.02.2027\r\n`));
  await expectAccessible(page);
  await expect(page.getByLabel('ФИО')).toHaveValue('full_name');
  await page.getByRole('button', { name: 'Проверить строки' }).click();
  await expect(page.getByRole('button', { name: 'Ошибки: 1' })).toHaveAttribute('aria-pressed', 'true');
  const wrong = page.getByRole('row', { name: /Ив4нова/ });
  await expect(wrong).toContainText('В имени не бывает цифр');
  await expect(wrong).toContainText('Конечная дата: Такой даты нет');
  await expect(page.getByRole('button', { name: /Применить/ })).toHaveCount(0);
  await expectAccessible(page);

  await page.getByRole('button', { name: 'Другой файл' }).click();
  await choose(page, 'staff.csv', windows1251(head + good));
  await page.getByRole('button', { name: 'Проверить строки' }).click();
  await page.getByRole('button', { name: 'Применить: новых 1, изменённых 0' }).click();
  await expect(page.getByRole('heading', { name: 'Готово' })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Выдать пароли новым сотрудникам' }).click();
  await expect(page.getByRole('heading', { name: 'Действия с карточками' })).toBeVisible();
  await page.getByRole('button', { name: 'Выдать пароли' }).click();
  await page.getByRole('button', { name: 'Выдать', exact: true }).click();
  await expect(page.getByTestId('slip-login')).toHaveText('alezhikova_1');
  await expect(page.getByTestId('slip-password')).toHaveText(/^\S{12}$/);
  await expect(page.getByText('Выполнено: 1. Без изменений: 0. Отказано: 0.')).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Скопировать' }).click();

  await page.goto('/kontingent/import');
  await choose(page, 'staff.csv', windows1251(head + good));
  await page.getByRole('button', { name: 'Проверить строки' }).click();
  await expect(page.getByRole('button', { name: 'Без изменений: 1' })).toBeVisible();
  await expect(page.getByText('применять нечего')).toBeVisible();
});

test('the sample of Excel can be uploaded as it is, and another loading of the page finds it', async ({ page }) => {
  await openImport(page, 'director_school');
  const waiting = page.waitForEvent('download');
  await page.getByRole('link', { name: 'XLSX' }).click();
  const sample = await readFile(await (await waiting).path());
  await choose(page, 'образец.xlsx', sample);
  await page.getByRole('button', { name: 'Проверить строки' }).click();
  await expect(page.getByRole('button', { name: 'Новые: 2' })).toBeVisible();
  await expect(page).toHaveURL(/\/kontingent\/import\?id=/);
  await page.reload();
  await expect(page.getByRole('button', { name: 'Новые: 2' })).toBeVisible();
});

test('a selection of the list ends its roles, and the list is downloaded as it is filtered', async ({ page }) => {
  await openKontingent(page, 'director_school');
  await page.getByRole('combobox', { name: 'Роль' }).selectOption({ label: 'Учитель' });
  await expect(page).toHaveURL(/role=teacher/);
  const boxes = page.getByRole('checkbox', { name: /^Отметить: / });
  await boxes.first().check();
  const name = ((await boxes.first().getAttribute('aria-label')) ?? '').replace('Отметить: ', '');
  const waiting = page.waitForEvent('download');
  await page.getByRole('link', { name: 'CSV' }).click();
  const text = await readFile(await (await waiting).path(), 'utf8');
  expect(text.startsWith('\ufeffФамилия;Имя;')).toBe(true);
  expect(text).toContain(name.split(' ')[0]);
  expect(text).not.toContain('Директор школы;');
  await page.getByRole('button', { name: 'Действия с отмеченными: 1' }).click();
  await expect(page.getByText('Карточек: 1')).toBeVisible();
  await page.getByRole('button', { name: 'Завершить роли' }).click();
  await expect(field(page, 'Конечная дата')).toBeFocused();
  await field(page, 'Конечная дата').fill(new Date(Date.now() + 86_400_000).toLocaleDateString('ru-RU', { timeZone: 'Asia/Yekaterinburg' }));
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Завершить', exact: true }).click();
  const row = page.getByRole('row', { name });
  await expect(row).toContainText('выполнено');
  await expectAccessible(page);
});

test('likely duplicates are decided row by row and all at once, and the file is applied', async ({ page }, info) => {
  await openImport(page, 'director_school');
  // Two colleagues of the demo with other addresses, and somebody new.
  const name = info.project.name === 'phone' ? 'Телефонова Анна' : 'Новенькая Анна';
  const people = ['Верещагина Мария Дмитриевна;v1@example.ru', 'Чудинова Елена Сергеевна;v2@example.ru', `${name};${info.project.name}@example.ru`];
  await choose(page, 'staff.csv', Buffer.from(`ФИО;E-mail;Роль\r\n${people.map((one) => `${one};Социальный педагог`).join('\r\n')}\r\n`));
  await page.getByRole('button', { name: 'Проверить строки' }).click();
  const repeated = page.getByRole('button', { name: /^Повторы: / });
  await expect(repeated).toHaveText('Повторы: 2');
  await expect(page.getByText('Решите, что делать с повторами')).toBeVisible();
  await expect(page.getByRole('button', { name: /Применить/ })).toHaveCount(0);
  const row = page.getByRole('row', { name: /Верещагина/ });
  await row.getByRole('button', { name: 'Пропустить' }).focus();
  await page.keyboard.press('Enter');
  await expect(repeated).toHaveText('Повторы: 1');
  await expect(page.locator('#import-rows')).toBeFocused();
  await expectAccessible(page);
  await page.getByRole('group', { name: 'Решить все показанные повторы' }).getByRole('button', { name: 'Пропустить' }).click();
  await expect(repeated).toHaveCount(0);
  // The address finds it again, as it was decided.
  await page.reload();
  await page.getByRole('button', { name: 'Применить: новых 1, изменённых 0' }).click();
  await expect(page.getByRole('heading', { name: 'Готово' })).toBeVisible();
  await page.getByRole('button', { name: 'Загрузить ещё файл' }).click();
  await expect(page.getByRole('heading', { name: '1. Выберите файл' })).toBeVisible();
  await expect(page).toHaveURL(/\/kontingent\/import$/);
});

test('of more than a thousand cards the next are dealt with after the first', async ({ page }) => {
  await openKontingent(page, 'director_school');
  // As an import of 1,200 new people leaves them; that these are nobody's is told card by card.
  await page.evaluate(() => {
    const Cards = Array.from({ length: 1200 }, () => crypto.randomUUID());
    sessionStorage.setItem('epos-selection', JSON.stringify({ Cards }));
  });
  await page.goto('/kontingent/bulk');
  await expect(page.getByText('Карточки с 1 по 1000')).toBeVisible();
  await expectAccessible(page);
  await expect(page.getByRole('button', { name: 'Следующие карточки' })).toHaveCount(0);
  await page.getByRole('button', { name: 'Выдать пароли' }).click();
  await page.getByRole('button', { name: 'Выдать', exact: true }).click();
  await expect(page.getByText('Выполнено: 0. Без изменений: 0. Отказано: 1000.')).toBeVisible({ timeout: 60_000 });
  await page.getByRole('button', { name: 'Следующие карточки' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByText('Карточки с 1001 по 1200')).toBeVisible();
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
  await expect(page.getByRole('button', { name: 'Следующие карточки' })).toHaveCount(0);
  await page.getByRole('button', { name: 'Выдать пароли' }).click();
  await page.getByRole('button', { name: 'Выдать', exact: true }).click();
  await expect(page.getByText('Выполнено: 0. Без изменений: 0. Отказано: 200.')).toBeVisible({ timeout: 20_000 });
});
