import type { Page } from '@playwright/test';
import { expectAccessible, expectAccessibleInEveryColour } from './axe';
import { expect, test } from './fixtures';
import { expectFieldError, expectNoOverflow, field, openKontingent, signIn, signOut } from './person';

const PAGE = '/kontingent/recertification';
const h1 = (page: Page, name: string) => page.getByRole('heading', { level: 1, name });
const people = (page: Page) => page.getByRole('table', { name: 'Сотрудники, о которых нужно ответить' }).locator('tbody tr');
const day = (days: number) => {
  const date = new Date(Date.now() + days * 86_400_000);
  return date.toLocaleDateString('ru-RU', { timeZone: 'Asia/Yekaterinburg' });
};

test('a department asks, a head answers by keyboard, and the department sees it', async ({ page }) => {
  await openKontingent(page, 'uo_verkhnekamsk');
  const section = page.getByRole('navigation', { name: 'Контингент' }).getByRole('link', { name: 'Подтверждение' });
  await section.focus();
  await page.keyboard.press('Enter');
  await expect(h1(page, 'Подтверждение сотрудников')).toBeFocused();
  await field(page, 'Ответить до').fill(day(0));
  await page.keyboard.press('Enter');
  await expectFieldError(page, 'Ответить до', /позже сегодняшнего/);
  await field(page, 'Ответить до').fill(day(10));
  await page.keyboard.press('Enter');
  await expect(page.getByText(/Подтверждение начато/)).toBeVisible();
  await expect(page.getByRole('table', { name: 'Все подтверждения' })).toContainText('ждём ответов');
  await expectNoOverflow(page);
  await expectAccessibleInEveryColour(page, 'recertifications of a department');

  await signOut(page);
  await signIn(page, 'director_school');
  await page.emulateMedia({ colorScheme: 'light' });
  await page.goto(PAGE);
  await expect(page.getByRole('heading', { name: 'Подтвердите, что эти люди работают у вас' })).toBeVisible();
  const before = await people(page).count();
  expect(before).toBeGreaterThan(2);
  await expectNoOverflow(page);
  await expectAccessibleInEveryColour(page, 'people to answer for');
  await page.emulateMedia({ colorScheme: 'light' });

  // One does not work there any more.
  const gone = people(page).filter({ hasText: 'Учитель' }).first();
  const name = (await gone.getByRole('link').innerText()).trim();
  await gone.getByRole('checkbox').focus();
  await page.keyboard.press('Space');
  const part = page.getByRole('button', { name: 'Больше не работают (1)' });
  await part.focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  await expect(field(dialog, 'Последний рабочий день')).toBeFocused();
  await expectAccessible(page, 'since when somebody does not work there');
  await page.keyboard.press('Enter');
  await expectFieldError(dialog, 'Последний рабочий день', /./);
  await page.keyboard.type(day(0));
  await page.keyboard.press('Enter');
  await expect(page.getByText('Роли завершены: 1.')).toBeVisible();
  await expect(people(page).filter({ hasText: name })).toHaveCount(0);

  // The head keeps nobody above him: his own card is confirmed, not ended.
  const all = page.getByRole('button', { name: /^Подтвердить всех/ });
  await all.focus();
  await page.keyboard.press('Enter');
  await dialog.getByRole('button', { name: 'Подтвердить' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByText('Вы ответили обо всех')).toBeVisible();
  await expectAccessible(page, 'all answered');

  await signOut(page);
  await signIn(page, 'uo_verkhnekamsk');
  await page.goto(PAGE);
  await page.getByRole('table', { name: 'Все подтверждения' }).getByRole('link').first().click();
  await expect(h1(page, 'Кто ответил на подтверждение')).toBeVisible();
  const rows = page.getByRole('table', { name: 'Кто ответил' }).locator('tbody tr');
  const school = rows.filter({ hasText: 'СОШ № 12' });
  await expect(school).toContainText('ответили');
  await expectNoOverflow(page);
  await expectAccessibleInEveryColour(page, 'who has answered');
  await page.emulateMedia({ colorScheme: 'light' });
  await page.getByRole('checkbox', { name: 'Только те, кто не ответил' }).check();
  await expect(page).toHaveURL(/waiting=true/);
  await expect(school).toHaveCount(0);
  await expect(rows.first()).toBeVisible();

  // Ended, so that another can begin.
  await page.getByRole('button', { name: 'Завершить' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Завершить' }).click();
  await expect(page.getByText('Подтверждение завершено.')).toBeVisible();
  await expect(page.getByText('завершено', { exact: true }).first()).toBeVisible();
  await signOut(page);
  await signIn(page, 'head_kindergarten');
  await page.goto(PAGE);
  await expect(h1(page, 'Подтверждение сотрудников')).toBeVisible();
  await expect(people(page)).toHaveCount(0);
});

test('who was never asked is told so', async ({ page }) => {
  await openKontingent(page, 'director_college');
  await page.goto(PAGE);
  await expect(page.getByText('Подтверждений ещё не было')).toBeVisible();
  await expectAccessibleInEveryColour(page, 'nothing asked');
});
