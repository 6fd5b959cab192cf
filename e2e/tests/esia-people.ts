import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, request, type Page } from '@playwright/test';
import { PASSWORD } from './person';
import type { DemoServer } from './server';
import type { EsiaPerson, Standin } from './standin';

const run = promisify(execFile);
const SYLLABLES = ['ба', 'ве', 'го', 'ди', 'жу', 'за', 'ки', 'ло', 'ма', 'ну'];
let drawn = 0;

/** Somebody at Госуслуги whom nobody here knows, in no other journey. */
export function somebody(change: Partial<EsiaPerson> = {}): EsiaPerson {
  drawn += 1;
  const number = (Date.now() % 1e9) * 100 + (drawn % 100);
  const letters = [...String(number)].map((digit) => SYLLABLES[Number(digit)]).join('');
  return {
    oid: 2_000_000_000_000 + number,
    password: '11111111',
    lastName: `Н${letters}`,
    firstName: 'Вера',
    middleName: 'Олеговна',
    birthDate: '04.05.1986',
    gender: 'F',
    contacts: [{ type: 'EML', vrfStu: 'VERIFIED', value: `n${number}@gosuslugi.example` }],
    ...change,
  };
}

/** The e-mail at Госуслуги. */
export const emailOf = (person: EsiaPerson): string => person.contacts[0]?.value ?? '';

/** A card as the director sees it after it was created. */
export interface Card {
  id: string;
  login: string;
  password: string;
}

/** The director of the school creates a card for a person: a teacher, as Госуслуги have him but for what differs. */
export async function hire(
  server: DemoServer,
  person: EsiaPerson,
  differs: { family?: string; email?: string } = {},
): Promise<Card> {
  const api = await request.newContext({ baseURL: server.url, extraHTTPHeaders: { origin: server.url } });
  try {
    const entered = await api.post('/api/v1/session', { data: { user_name: 'director_school', password: PASSWORD } });
    expect(entered.ok(), await entered.text()).toBe(true);
    const organizations = await (await api.get('/api/v1/kontingent/organizations')).json();
    const created = await api.post('/api/v1/kontingent/employees', {
      data: {
        organization_id: organizations.items[0].organization.id,
        person: {
          family_name: differs.family ?? person.lastName,
          given_name: person.firstName,
          patronymic: person.middleName ?? '',
          no_patronymic: person.middleName === undefined,
          email: differs.email ?? emailOf(person),
        },
        roles: [{ role: 'teacher', start: '2026-09-01', end: '' }],
        note: '',
      },
    });
    expect(created.ok(), await created.text()).toBe(true);
    const answer = await created.json();
    return { id: answer.card.id, ...answer.credentials };
  } finally {
    await api.dispose();
  }
}

/** Types login and password at Госуслуги, where the page stands already. */
export async function signInThere(page: Page, person: EsiaPerson): Promise<void> {
  await page.getByLabel('Телефон / Email / СНИЛС').fill(emailOf(person));
  await page.getByLabel('Пароль', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Войти' }).click();
}

/** The whole way from the page of sign-in to Госуслуги and back; nobody was signed in there before. */
export async function comeThrough(page: Page, standin: Standin, person: EsiaPerson): Promise<void> {
  await goThere(page, standin);
  await signInThere(page, person);
}

/** From the page of sign-in to that of Госуслуги. */
export async function goThere(page: Page, standin: Standin): Promise<void> {
  await page.goto('/login');
  await page.getByRole('link', { name: 'Вход через ЕСИА' }).click();
  await expect(page.getByLabel('Телефон / Email / СНИЛС')).toBeVisible();
  expect(new URL(page.url()).origin).toBe(standin.url);
}

/** From now on staff of an organization come through Госуслуги only; straight in the database, for how support sets it is no journey of these. */
export async function throughEsiaOnly(server: DemoServer, name: string): Promise<void> {
  const script = `
import sqlite3, sys
with sqlite3.connect(sys.argv[1], timeout=30) as base:
    done = base.execute("UPDATE organizations SET esia_only = 1 WHERE short_name LIKE '%' || ? || '%'", (sys.argv[2],))
    assert done.rowcount == 1, done.rowcount
`;
  await run(process.env.EPOS_TEST_SMTP_PYTHON!, ['-c', script, join(server.dataFolder, 'epos.db'), name]);
}
