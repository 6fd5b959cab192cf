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
}

/** Signs in and opens «Контингент» by its button. */
export async function openKontingent(page: Page, userName: string): Promise<void> {
  await signIn(page, userName);
  await page.getByRole('link', { name: /Контингент/ }).first().click();
  await expect(page).toHaveURL(/\/kontingent\//);
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
export async function openCard(page: Page, search: string, name: RegExp): Promise<void> {
  await page.getByRole('searchbox').fill(search);
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
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(overflow, 'pixels outside the window').toBeLessThanOrEqual(0);
}
