import { setTimeout as sleep } from 'node:timers/promises';
import { expect, type Locator, type Page } from '@playwright/test';
import { expectNoOverflow, field, inPage, typeCredentials } from './person';
import type { DemoServer } from './server';

const LETTER_LIMIT_MS = 60_000;

/** A letter as its reader sees it. */
export interface Letter {
  subject: string;
  text: string;
}

/** The letters to an address, the newest first: from the mail server, or from the demo's page where it has none. */
export async function lettersTo(server: DemoServer, address: string): Promise<Letter[]> {
  if (server.mail) return (await server.mail.lettersTo(address)).reverse();
  const answer = await fetch(`${server.url}/api/v1/demo/letters`);
  expect(answer.ok, 'the letters of the demo').toBe(true);
  const { items } = (await answer.json()) as { items: (Letter & { to: string })[] };
  return items.filter(({ to }) => to === address);
}

/** Waits for the letter number `count` to an address; answers the newest. */
export async function nextLetter(server: DemoServer, address: string, count = 1): Promise<Letter> {
  const deadline = Date.now() + LETTER_LIMIT_MS;
  for (;;) {
    const letters = await lettersTo(server, address);
    const [newest] = letters;
    if (newest && letters.length >= count) return newest;
    if (Date.now() > deadline) throw new Error(`${letters.length} letters to ${address} instead of ${count}`);
    await sleep(100);
  }
}

/** The link of a letter as a path of the server under test, with its token. */
export function linkOf(letter: Letter): { path: string; token: string } {
  const found = /https?:\/\/\S+?(\/[\w-]+)#(\S+)/.exec(letter.text);
  if (!found?.[1] || !found[2]) throw new Error(`no link with a token in:\n${letter.text}`);
  return { path: `${found[1]}#${found[2]}`, token: found[2] };
}

/** Opens the link of a letter; its token must be nowhere afterwards. */
export async function openLink(page: Page, letter: Letter): Promise<void> {
  const { path, token } = linkOf(letter);
  // A link opens anew, also where the page stands open already.
  await page.goto('about:blank');
  await page.goto(path);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expectNowhere(page, token);
}

/** Neither the address bar nor what the browser keeps holds the secret. */
export async function expectNowhere(page: Page, secret: string): Promise<void> {
  await expect.poll(() => page.url()).not.toContain('#');
  const kept = () => inPage(page, () => JSON.stringify([{ ...sessionStorage }, { ...localStorage }, history.state]));
  expect(await kept()).not.toContain(secret);
}

/** A mailbox that no other journey uses. */
export function mailbox(name: string): string {
  return `${name}.${Date.now().toString(36)}.${Math.floor(Math.random() * 1e6)}@primer.example`;
}

/** Somebody who applies for an account. */
export interface Applicant {
  family: string;
  given: string;
  patronymic?: string;
  email: string;
  position: string;
}

/** Fills in the person of the registration. */
export async function typeApplicant(page: Page, person: Applicant): Promise<void> {
  await field(page, 'Фамилия').fill(person.family);
  await field(page, 'Имя').fill(person.given);
  if (person.patronymic === undefined) {
    await page.getByRole('checkbox', { name: 'Без отчества' }).check();
  } else {
    await field(page, 'Отчество').fill(person.patronymic);
  }
  await field(page, 'Email').fill(person.email);
  await field(page, 'Должность').fill(person.position);
}

/** The list of organizations. */
export function organization(page: Page): Locator {
  return page.getByRole('combobox', { name: 'Выберите организацию' });
}

/** Finds an organization of the list by a part of anything, and takes the first that is found. */
export async function chooseOrganization(page: Page, search: string): Promise<void> {
  await organization(page).fill(search);
  const words = search.split(' ');
  await page.getByRole('option').filter({ hasText: new RegExp(words[0] ?? '', 'i') }).first().click();
  await expect(field(page, 'Краткое наименование организации')).not.toHaveValue('');
}

/** The box of the consent. */
export function consent(page: Page): Locator {
  return page.getByRole('checkbox', { name: 'Даю согласие на обработку персональных данных' });
}

/** «Зарегистрироваться». */
export function sendApplication(page: Page): Promise<void> {
  return page.getByRole('button', { name: 'Зарегистрироваться' }).click();
}

/** The page after a letter was promised. */
export async function expectPromised(page: Page): Promise<void> {
  await expect(page.getByRole('heading', { name: 'Проверьте почту' })).toBeFocused();
  await expectNoOverflow(page);
}

/** Registers with an organization of the list. */
export async function register(page: Page, person: Applicant): Promise<void> {
  await page.goto('/register');
  await typeApplicant(page, person);
  await chooseOrganization(page, 'школа');
  await consent(page).check();
  await sendApplication(page);
  await expectPromised(page);
}

/** Sets the password on the page that a link has opened, and comes to the sign-in. */
export async function setPassword(page: Page, password: string): Promise<string> {
  const userName = await field(page, 'Имя пользователя').inputValue();
  await page.getByLabel('Новый пароль', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Сохранить пароль' }).click();
  await expect(page).toHaveURL(/\/login\/rsaa$/);
  // The address changes before the program of the sign-in is there.
  await expect(page.getByRole('heading', { level: 1, name: 'Вход в ЭПОС' })).toBeVisible();
  return userName;
}

/** The first password of people who register. */
export const FIRST = 'Кедр у брода, семь окуней';

/** A person of his own for a journey, signed in. Gives the address and the user name. */
export async function somebody(page: Page, server: DemoServer, name: string): Promise<{ email: string; userName: string }> {
  const email = mailbox(name);
  await register(page, { family: 'Окунев', given: 'Яков', email, position: 'Завуч' });
  await openLink(page, await nextLetter(server, email));
  const userName = await setPassword(page, FIRST);
  await typeCredentials(page, userName, FIRST);
  await expect(page).toHaveURL(/\/subsystems$/);
  return { email, userName };
}
