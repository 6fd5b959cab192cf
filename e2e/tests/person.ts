import { expect, type Locator, type Page } from '@playwright/test';
import type { DemoServer } from './server';

/** The password of every account of the demo. */
export const PASSWORD = 'Kama-Sylva-2026';

/** Signs in through РСАА and waits for the page of subsystems. */
export async function signIn(page: Page, userName: string): Promise<void> {
  await page.goto('/login/rsaa');
  await typeCredentials(page, userName, PASSWORD);
  await expect(page).toHaveURL(/\/subsystems$/);
}

/** Fills in the form of РСАА and sends it. */
export async function typeCredentials(page: Page, userName: string, password: string): Promise<void> {
  await field(page, 'ИМЯ ПОЛЬЗОВАТЕЛЯ / E-MAIL').fill(userName);
  await page.getByLabel('ПАРОЛЬ', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'ВОЙТИ' }).click();
}

/** Signs out by the button of the header. */
export async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Выйти' }).click();
  await expect(page).toHaveURL(/\/login/);
  // The address changes before the program of the sign-in is there, and whoever goes on meanwhile is interrupted.
  await expect(page.getByRole('main').getByRole('link', { name: 'Вход для сотрудников' })).toBeVisible();
}

/** Signs in and opens «Контингент» by its button; waits until what it leads to is there. */
export async function openKontingent(page: Page, userName: string): Promise<void> {
  await signIn(page, userName);
  await page.getByRole('link', { name: /Контингент/ }).first().click();
  await expect(page).toHaveURL(/\/kontingent\//);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expectSettled(page);
}

/** The list shows what was asked for last, and nothing of before. */
export async function expectSettled(page: Page): Promise<void> {
  await expect(page.getByText('Загрузка…')).toHaveCount(0);
  await expect(page.locator('[aria-busy=true]')).toHaveCount(0);
}

/** Types into the search of a list, and waits for what it finds. */
export async function search(page: Page, words: string): Promise<void> {
  await page.getByRole('searchbox').fill(words);
  await expect.poll(() => new URL(page.url()).searchParams.get('query')).toBe(words);
  await expectSettled(page);
}

/**
 * What a function says in the page. Where a program has just handed over to another one, the page that is asked
 * may go meanwhile: then the next one is asked.
 */
export async function inPage<Result>(page: Page, ask: () => Result): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await page.evaluate(ask);
    } catch (error) {
      if (tries === 5 || !/context was destroyed|navigat/i.test(String(error))) throw error;
      await page.waitForLoadState();
    }
  }
}

/** The text field with that label. */
export function field(scope: Page | Locator, label: string): Locator {
  return scope.getByRole('textbox', { name: label });
}

/** The message below a field. */
export async function expectFieldError(scope: Page | Locator, label: string, message: string | RegExp): Promise<void> {
  const input = scope.getByLabel(label).first();
  await expect(input).toHaveAttribute('aria-invalid', 'true');
  // What a screen reader reads out with the field is what stands below it.
  await expect(input).toHaveAccessibleDescription(message);
}

/** The words of an answer that is not all right. */
export async function expectAlert(page: Page, words: string | RegExp): Promise<void> {
  await expect(page.getByRole('alert').filter({ hasText: words }).first()).toBeVisible();
}

/** Login and one-time password of the card that waits for its binding, as the demo printed them. */
export function printedCredentials(server: DemoServer): { login: string; password: string } {
  const found = /введите логин (\S+) и одноразовый пароль (\S+)/.exec(server.output());
  if (!found?.[1] || !found[2]) throw new Error(`the demo printed no credentials:\n${server.output()}`);
  return { login: found[1], password: found[2] };
}

/** Login and password in the frame that shows them once. */
export async function shownCredentials(page: Page): Promise<{ login: string; password: string }> {
  const login = (await page.getByTestId('secret-login').innerText()).trim();
  const password = (await page.getByTestId('secret-password').innerText()).trim();
  expect(login).toMatch(/^[a-z0-9]+_\d+$/);
  expect(password).toMatch(/^\S{12}$/);
  return { login, password };
}

/** Binds a card on the page that «Контингент» shows at the first entry. */
export async function bind(page: Page, login: string, password: string): Promise<void> {
  await expect(page).toHaveURL(/\/kontingent\/bind$/);
  await field(page, 'Логин').fill(login);
  await page.getByLabel('Пароль', { exact: true }).fill(password);
  await page.locator('main').getByRole('button', { name: /Войти|Привязать/ }).click();
}

/** A person as a card asks for it. */
export interface Typed {
  family: string;
  given: string;
  patronymic: string;
  email: string;
}

/** Fills in the person of a card. */
export async function typePerson(page: Page, person: Typed): Promise<void> {
  await field(page, 'Фамилия').fill(person.family);
  await field(page, 'Имя').fill(person.given);
  await field(page, 'Отчество').fill(person.patronymic);
  await field(page, 'E-mail').fill(person.email);
}

/** Opens the card of a person through the search of the staff list. */
export async function openCard(page: Page, words: string, name: RegExp): Promise<void> {
  // A press at a list that is just being replaced would find another row in its place.
  await search(page, words);
  // Not the own name in the header.
  await page.getByRole('main').getByRole('link', { name }).first().click();
  await expect(page).toHaveURL(/employees\/[0-9a-f-]{36}$/);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
}

/**
 * From now on the server's answers on the session tell an end that near (seconds), also one that nothing
 * prolongs; all else in them stays as the server says it.
 */
export function endsIn(seconds: number, last = false): (page: Page) => Promise<void> {
  return async (page) => {
    const end = new Date(Date.now() + seconds * 1000).toISOString();
    await page.route('**/api/v1/session', async (route) => {
      const answer = await route.fetch();
      const state = await answer.json().catch(() => undefined);
      if (state?.session) {
        state.session.idle_expires_at = end;
        if (last) state.session.expires_at = end;
      }
      await (state ? route.fulfill({ response: answer, json: state }) : route.fulfill({ response: answer }));
    });
  };
}

/** «Сохранить» and nothing else. */
export function save(page: Page): Locator {
  return page.getByRole('button', { name: 'Сохранить', exact: true });
}

/** Nothing sticks out of the window sideways. */
export async function expectNoOverflow(page: Page): Promise<void> {
  const outside = () =>
    inPage(page, () => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  await expect.poll(outside, 'pixels outside the window').toBeLessThanOrEqual(0);
}
