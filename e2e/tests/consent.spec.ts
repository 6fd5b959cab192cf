import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test as base } from './fixtures';
import { expectNoOverflow, PASSWORD, signOut, typeCredentials } from './person';
import { DemoServer } from './server';

const HEADING = 'Согласие новой редакции';

// A server whose people agreed to an older text: the operator has put a newer one into its configuration.
const test = base.extend<object, { launch: () => Promise<DemoServer> }>({
  launch: [
    async ({}, use) => {
      await use(async () => {
        const before = await DemoServer.start();
        await before.stop({ keepData: true });
        const file = join(before.dataFolder, 'consent.txt');
        await writeFile(file, `${HEADING}\n\nПервый абзац нового текста.\n\nВторой абзац нового текста.\n`);
        return DemoServer.start({
          dataFolder: before.dataFolder,
          env: { EPOS_CONSENT__VERSION: 'e2e-2', EPOS_CONSENT__FILE: file },
        });
      });
    },
    { scope: 'worker' },
  ],
});

test('a new version of the text is asked for, leads everywhere to itself, and then back to where one was going', async ({ page, browserErrors }) => {
  // The navigation asks what waits, and is told that the consent comes first.
  browserErrors.allow(/status of 403/);
  await page.goto('/kontingent/employees?query=%D0%B0');
  await typeCredentials(page, 'director_school', PASSWORD);
  await expect(page).toHaveURL(/\/consent\?next=/);
  await expect(page.getByRole('heading', { level: 1, name: 'Нужно ваше согласие' })).toBeVisible();
  await expect(page.getByRole('heading', { name: HEADING })).toBeVisible();
  await expect(page.getByText('Второй абзац нового текста.')).toBeVisible();
  await expectNoOverflow(page);
  for (const path of ['/subsystems', '/kontingent', '/kontingent/cards', '/kontingent/employees/new']) {
    await page.goto(path);
    await expect(page, path).toHaveURL(/\/consent\?next=/);
    await expect(page.getByRole('heading', { level: 1, name: 'Нужно ваше согласие' })).toBeVisible();
  }
  await page.goto('/kontingent/employees?query=%D0%B0');
  await expect(page).toHaveURL(/\/consent\?next=/);
  await page.getByRole('button', { name: 'Согласен' }).click();
  await expect(page).toHaveURL(/\/kontingent\/employees\?query=/);
  await expect(page.getByRole('heading', { level: 1, name: 'Сотрудники' })).toBeVisible();
  // Once given, it is not asked for again.
  await signOut(page);
  await page.goto('/login/rsaa');
  await typeCredentials(page, 'director_school', PASSWORD);
  await expect(page).toHaveURL(/\/subsystems$/);
  await page.goto('/consent');
  await expect(page).toHaveURL(/\/subsystems$/);
});

test('who does not agree signs out, and nothing was opened', async ({ page }) => {
  await page.goto('/login/rsaa');
  await typeCredentials(page, 'class_teacher', PASSWORD);
  await expect(page).toHaveURL(/\/consent\?next=/);
  const answer = await page.context().request.get('/api/v1/subsystems');
  expect(answer.status()).toBe(403);
  expect((await answer.json()).code).toBe('consent-required');
  await page.getByRole('main').getByRole('button', { name: 'Выйти' }).click();
  await expect(page).toHaveURL(/\/login$/);
});
