import { expect, test } from './fixtures';
import { expectAlert, expectFieldError, expectNoOverflow, field, signIn, signOut, typeCredentials, PASSWORD } from './person';

test('the way in begins with a choice and leads to РСАА', async ({ page }) => {
  await page.goto('/');
  await expect(page).toHaveURL(/\/login$/);
  for (const name of ['Вход для сотрудников', 'Вход через ЕСИА', 'Портал ЭПОС', 'Написать в техподдержку']) {
    await expect(page.getByRole('link', { name })).toBeVisible();
  }
  await expectNoOverflow(page);
  await page.getByRole('link', { name: 'Вход для сотрудников' }).click();
  await expect(page).toHaveURL(/\/login\/rsaa$/);
  await expect(page.getByText('Доступ к информационным системам Пермского края')).toBeVisible();
  for (const name of ['ЗАБЫЛИ ПАРОЛЬ?', 'РЕГИСТРАЦИЯ', 'Обратная связь', 'Руководство пользователя']) {
    await expect(page.getByRole('link', { name })).toBeVisible();
  }
  await expectNoOverflow(page);
});

test('Госуслуги are told to be not configured, with a way on', async ({ page }) => {
  await page.goto('/login');
  await page.getByRole('link', { name: 'Вход через ЕСИА' }).click();
  await expect(page).toHaveURL(/\/login\/esia\?failure=esia-off/);
  await expect(page.getByRole('heading', { level: 1, name: 'Вход через Госуслуги пока не подключён' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Войти по паролю' })).toBeVisible();
});

test('an empty form names both fields and takes the focus to the first', async ({ page }) => {
  await page.goto('/login/rsaa');
  await page.getByRole('button', { name: 'ВОЙТИ' }).click();
  await expectFieldError(page, 'ИМЯ ПОЛЬЗОВАТЕЛЯ / E-MAIL', /Введите имя пользователя/);
  await expectFieldError(page, 'ПАРОЛЬ', /Введите пароль/);
  await expect(field(page, 'ИМЯ ПОЛЬЗОВАТЕЛЯ / E-MAIL')).toBeFocused();
});

test('a wrong password and an unknown name are told alike, and what was typed stays', async ({ page, browserErrors }) => {
  browserErrors.allow(/status of 401/);
  const seen: string[] = [];
  for (const name of ['teacher', 'nobody-at-all']) {
    await page.goto('/login/rsaa');
    await typeCredentials(page, name, 'не тот пароль');
    await expectAlert(page, 'Неверное имя пользователя или пароль');
    await expect(field(page, 'ИМЯ ПОЛЬЗОВАТЕЛЯ / E-MAIL')).toHaveValue(name);
    seen.push(await page.getByRole('alert').first().innerText());
  }
  expect(seen[0]).toBe(seen[1]);
  expect(seen[0]).toMatch(/4/);
});

test('the fifth failure locks, also for the right password, and says until when', async ({ page, browserErrors }) => {
  browserErrors.allow(/status of 4(01|23)/);
  await page.goto('/login/rsaa');
  for (let failure = 1; failure <= 5; failure += 1) {
    // The page itself asks for the session, too.
    const answered = page.waitForResponse((answer) => answer.request().method() === 'POST');
    await typeCredentials(page, 'lecturer', `не тот пароль ${failure}`);
    await answered;
    await expect(page.getByRole('button', { name: 'ВОЙТИ' })).not.toHaveAttribute('aria-busy', /./);
  }
  await expectAlert(page, /закрыт/);
  await typeCredentials(page, 'lecturer', PASSWORD);
  await expectAlert(page, /\d{2}:\d{2}/);
  await expect(page).toHaveURL(/\/login\/rsaa/);
});

test('the right password leads to the subsystems, a reload keeps them, signing out ends them', async ({ page }) => {
  await signIn(page, 'director_school');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(page).toHaveTitle(/ЭПОС/);
  await expect(page.getByRole('link', { name: /Контингент/ }).first()).toBeVisible();
  await expect(page.getByRole('banner')).toContainText('Чудинова');
  await expectNoOverflow(page);
  await page.reload();
  await expect(page.getByRole('link', { name: /Контингент/ }).first()).toBeVisible();
  await signOut(page);
  await page.goto('/subsystems');
  await expect(page).toHaveURL(/\/login/);
});

test('a page that needs a sign-in comes back after it', async ({ page }) => {
  await page.goto('/kontingent/employees?query=иванов');
  await expect(page).toHaveURL(/\/login\/rsaa/);
  await typeCredentials(page, 'director_school', PASSWORD);
  await expect(page).toHaveURL(/\/kontingent\/employees\?query=/);
});

test('nobody is led to another host after signing in', async ({ page }) => {
  for (const next of ['https://evil.example/', '//evil.example/', '/\\evil.example', 'javascript:alert(1)']) {
    await page.goto(`/login/rsaa?next=${encodeURIComponent(next)}`);
    await typeCredentials(page, 'director_school', PASSWORD);
    await expect(page).toHaveURL(/\/subsystems$/);
    await signOut(page);
  }
});

test('a blocked account is told so after the right password only', async ({ page, browserErrors }) => {
  browserErrors.allow(/status of 40(1|3)/);
  await page.goto('/login/rsaa');
  await typeCredentials(page, 'blocked', 'не тот пароль');
  await expectAlert(page, 'Неверное имя пользователя или пароль');
  await typeCredentials(page, 'blocked', PASSWORD);
  await expectAlert(page, 'заблокирована');
});

test('the whole sign-in works by keyboard alone', async ({ page }) => {
  await page.goto('/login');
  const press = async (name: string) => {
    const target = page.getByRole('link', { name, exact: true });
    // Before it is there, Tab leads nowhere.
    await expect(target).toBeVisible();
    for (let tries = 0; tries < 30; tries += 1) {
      await page.keyboard.press('Tab');
      if (await target.evaluate((link) => link === document.activeElement)) return page.keyboard.press('Enter');
    }
    throw new Error(`${name} cannot be reached by Tab`);
  };
  await press('Вход для сотрудников');
  await expect(page).toHaveURL(/\/login\/rsaa$/);
  await field(page, 'ИМЯ ПОЛЬЗОВАТЕЛЯ / E-MAIL').focus();
  await page.keyboard.type('director_school');
  await page.keyboard.press('Tab');
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/subsystems$/);
});
