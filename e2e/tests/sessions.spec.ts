import type { Page } from '@playwright/test';
import { expect, test } from './fixtures';
import { endsIn, field, inPage, openKontingent, PASSWORD, signIn, signOut, typeCredentials } from './person';
import { DemoServer } from './server';

const NEW = '/kontingent/employees/new';
const warning = (page: Page) => page.getByRole('alertdialog', { name: 'Сеанс скоро закончится' });
const role = (page: Page) => page.getByRole('banner').getByRole('group', { name: 'Вы вошли как' });

/** The end of the session as the server knows it; asking does not prolong it. */
async function idleEnd(page: Page): Promise<number> {
  const answer = await page.request.get('/api/v1/session', { headers: { 'epos-background': '1' } });
  return Date.parse((await answer.json()).session.idle_expires_at);
}

test.describe('with a server that ends a session after three minutes without work', { tag: '@desktop' }, () => {
  let short: DemoServer;
  test.beforeAll(async () => {
    short = await DemoServer.start({
      env: { EPOS_SESSIONS__IDLE_MINUTES: '3', EPOS_SESSIONS__LAST_SEEN_SECONDS: '1' },
    });
  });
  test.afterAll(() => short.stop());

  test('two minutes before it is told, «Продолжить» prolongs it, in every tab', async ({ browser }) => {
    test.setTimeout(300_000);
    const context = await browser.newContext({ baseURL: short.url, locale: 'ru-RU' });
    const [page, other] = [await context.newPage(), await context.newPage()];
    await signIn(page, 'director_school');
    await page.goto(NEW);
    await other.goto('/subsystems');
    await page.bringToFront();
    await field(page, 'Фамилия').fill('Задумчивая');
    // Until both pages have asked for all that they show.
    let before = await idleEnd(page);
    await expect(async () => {
      const earlier = before;
      await page.waitForTimeout(1_500);
      before = await idleEnd(page);
      expect(before).toBe(earlier);
    }).toPass();
    await expect(warning(page)).toBeHidden();
    await expect(warning(page)).toBeVisible({ timeout: 120_000 });
    // What the client asks by itself has prolonged nothing.
    expect(await idleEnd(page)).toBe(before);
    await expect(warning(other)).toBeVisible();
    await expect(warning(page).getByRole('timer')).toHaveText(/^(2:00|1:\d\d)$/);
    await expect(warning(page).getByRole('button', { name: 'Продолжить' })).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(warning(page)).toBeHidden();
    await expect(warning(other)).toBeHidden();
    await expect(field(page, 'Фамилия')).toBeFocused();
    expect(await idleEnd(page)).toBeGreaterThan(before + 30_000);
    await context.close();
  });
});

test('a session that cannot be prolonged says so, and leaves the person to save', async ({ page }) => {
  await openKontingent(page, 'director_school');
  await endsIn(110, true)(page);
  await page.goto(NEW);
  await expect(warning(page)).toBeVisible();
  await expect(warning(page)).toHaveAccessibleDescription(/Продлить его нельзя.*Сохраните карточку и войдите снова/);
  const timer = warning(page).getByRole('timer');
  const first = await timer.innerText();
  await expect(timer).not.toHaveText(first);
  await expect(warning(page).getByRole('button', { name: 'Продолжить' })).toHaveCount(0);
  await warning(page).getByRole('button', { name: 'Понятно' }).click();
  await expect(warning(page)).toBeHidden();
  // It is known now, and not told again.
  await page.waitForTimeout(2_500);
  await expect(warning(page)).toBeHidden();
});

test('where the session is over, the page goes, comes back after a sign-in, and what was typed is there', async ({ page }) => {
  await openKontingent(page, 'director_school');
  await page.goto(NEW);
  await field(page, 'Фамилия').fill('Незабудкина');
  await endsIn(20)(page);
  // As another tab would: the page looks how the session stands.
  await page.evaluate(() => new BroadcastChannel('epos-session').postMessage('changed'));
  await expect(warning(page)).toBeVisible();
  // The server's session really ends; the page hears of it when its own time is over.
  const ended = await page.request.delete('/api/v1/session', { headers: { origin: new URL(page.url()).origin } });
  expect(ended.status()).toBe(204);
  await expect(page).toHaveURL(/\/login\/rsaa\?next=/, { timeout: 60_000 });
  await expect(page.getByText('Сеанс завершился')).toBeVisible();
  await expect(warning(page)).toBeHidden();
  await page.unrouteAll({ behavior: 'ignoreErrors' });
  await typeCredentials(page, 'director_school', PASSWORD);
  await expect(field(page, 'Фамилия')).toHaveValue('Незабудкина');
  await expect(page).toHaveURL(/:\d+\/kontingent\/employees\/new$/);
  await expect(page.getByText('Восстановлено то, что вы ввели раньше')).toBeVisible();
});

test('what one person typed is not shown to the next', async ({ page, browserErrors }) => {
  browserErrors.allow(/status of 40[13]/);
  await openKontingent(page, 'director_school');
  await page.goto(NEW);
  await field(page, 'Фамилия').fill('Чужеземцева');
  await expect.poll(() => page.evaluate(() => JSON.stringify(sessionStorage))).toContain('Чужеземцева');
  await page.context().clearCookies();
  await page.getByRole('link', { name: 'Подсистемы' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Уйти без сохранения' }).click();
  await expect(page).toHaveURL(/\/login/);
  await typeCredentials(page, 'deputy_school', PASSWORD);
  await expect(role(page)).toContainText('Вотинова');
  expect(await inPage(page, () => JSON.stringify(sessionStorage))).not.toContain('Чужеземцева');
});

test('other tabs follow: sign-out, sign-in, another person, choice of a card', async ({ page, context, browserErrors }) => {
  browserErrors.allow(/status of 401/);
  const other = await context.newPage();
  await signIn(page, 'two_places');
  await page.goto('/kontingent/cards');
  await page.getByRole('button', { name: /Завуч школы/ }).click();
  await expect(role(page)).toContainText('Завуч школы');
  await other.goto('/kontingent/employees');
  await expect(role(other)).toContainText('Завуч школы');

  await test.step('the choice of a card', async () => {
    await page.goto('/kontingent/cards');
    await page.getByRole('button', { name: /Ответственный СПО/ }).click();
    await expect(role(other)).toContainText('Ответственный СПО');
  });
  await test.step('the sign-out', async () => {
    await signOut(page);
    await expect(other).toHaveURL(/\/login\/rsaa\?next=/);
    await expect(other.getByText('Чтобы открыть эту страницу, войдите.')).toBeVisible();
  });
  await test.step('the sign-in, of another person', async () => {
    await signIn(page, 'director_school');
    await expect(other).toHaveURL(/:\d+\/kontingent\/employees$/);
    await expect(role(other)).toContainText('Чудинова');
  });
  await test.step('a session that the server has ended', async () => {
    await page.goto('/kontingent/employees');
    await expect(page.getByRole('heading', { level: 1, name: 'Сотрудники' })).toBeVisible();
    await page.context().clearCookies();
    await page.getByRole('link', { name: 'Добавить сотрудника' }).click();
    await expect(page).toHaveURL(/\/login\/rsaa/);
    await expect(other).toHaveURL(/\/login\/rsaa\?next=/);
    await expect(other.getByText('Сеанс завершился')).toBeVisible();
  });
  await test.step('a tab that begins anew and finds nobody', async () => {
    await signIn(page, 'director_school');
    await expect(role(other)).toContainText('Чудинова');
    await page.context().clearCookies();
    await page.goto('/login');
    await expect(other).toHaveURL(/\/login\/rsaa\?next=/);
  });
});
