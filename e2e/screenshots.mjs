// Pictures of every screen: `cargo xtask screenshots` runs this against a running demo.
//
//   first argument  address of the demo (http://127.0.0.1:8080)
//   EPOS_CHROMIUM   the browser (/usr/bin/chromium)
//   EPOS_PICTURES   folder for the pictures (target/screenshots)
//   EPOS_ONLY       take only the screens whose name contains this text
//
// Each screen is taken at 1280 and at 360 px, light and dark. The pictures of the README are written to
// docs/images by the same script, so that they always show the real thing.

import { chromium } from '@playwright/test';
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

const root = fileURLToPath(new URL('..', import.meta.url));
const base = process.argv[2] ?? 'http://127.0.0.1:8080';
const folder = process.env.EPOS_PICTURES ?? join(root, 'target', 'screenshots');
const only = process.env.EPOS_ONLY ?? '';
const password = 'Kama-Sylva-2026';

const sizes = { desktop: { width: 1280, height: 800 }, phone: { width: 360, height: 740 } };

/** A screen: its name, who looks at it, its path, what is done before the picture; whether the README shows it. */
const screens = [
  { name: 'login', path: '/login' },
  { name: 'login-esia', path: '/login/esia' },
  { name: 'login-rsaa', path: '/login/rsaa' },
  {
    name: 'login-rsaa-empty',
    path: '/login/rsaa',
    act: (page) => page.getByRole('button', { name: 'ВОЙТИ' }).click(),
  },
  {
    name: 'login-rsaa-wrong',
    path: '/login/rsaa',
    act: async (page) => {
      await page.locator('input[name=user_name]').fill('nobody');
      await page.locator('input[name=password]').fill('неверный пароль');
      await page.getByRole('button', { name: 'ВОЙТИ' }).click();
      await page.getByRole('alert').first().waitFor();
    },
  },
  { name: 'in-preparation', path: '/portal' },
  { name: 'register', path: '/register' },
  {
    name: 'register-mistakes',
    path: '/register',
    act: (page) => page.getByRole('button', { name: 'Зарегистрироваться' }).click(),
  },
  {
    name: 'register-unlisted',
    path: '/register',
    act: (page) => page.getByRole('checkbox', { name: 'Моей организации нет в списке' }).check(),
  },
  { name: 'recover', path: '/recover' },
  { name: 'link-missing', path: '/activate' },
  { name: 'link-unknown', path: '/activate#0000000000000000000000' },
  { name: 'letters', path: '/letters' },
  { name: 'instructions', path: '/instructions/staff' },
  { name: 'not-found', path: '/no/such/page' },
  { name: 'subsystems', as: 'director_school', path: '/subsystems' },
  { name: 'subsystems-no-card', as: 'newcomer', path: '/subsystems' },
  { name: 'subsystems-ended', as: 'role_ended', path: '/subsystems' },
  { name: 'bind', as: 'newcomer', path: '/kontingent/bind' },
  {
    name: 'bind-wrong',
    as: 'newcomer',
    path: '/kontingent/bind',
    act: async (page) => {
      await page.locator('input[name=login]').fill('nobody_1');
      await page.locator('input[name=password]').fill('abc');
      await page.locator('main form button[type=submit]').click();
      await page.getByRole('alert').first().waitFor();
    },
  },
  { name: 'profile', as: 'director_school', path: '/profile' },
  { name: 'accounts', as: 'support', path: '/accounts' },
  { name: 'accounts-none', as: 'support', path: '/accounts?query=ъъъъ' },
  { name: 'applications', as: 'support', path: '/applications' },
  { name: 'cards', as: 'two_places', path: '/kontingent/cards' },
  { name: 'no-rights', as: 'teacher', path: '/kontingent/employees' },
  { name: 'employees', as: 'director_school', path: '/kontingent/employees', readme: true },
  { name: 'employees-support', as: 'support', path: '/kontingent/employees' },
  { name: 'employees-found', as: 'support', path: '/kontingent/employees?query=ковал' },
  { name: 'employees-none', as: 'support', path: '/kontingent/employees?query=ъъъъ' },
  { name: 'employees-ends-soon', as: 'support', path: '/kontingent/employees?state=ends_soon' },
  { name: 'journal', as: 'director_school', path: '/kontingent/journal' },
  {
    name: 'journal-more',
    as: 'support',
    path: '/kontingent/journal?action=cards',
    act: (page) => page.getByText('Подробности').first().click(),
  },
  { name: 'journal-none', as: 'director_school', path: '/kontingent/journal?result=refused&from=2020-01-01&to=2020-01-02' },
  { name: 'card-new', as: 'director_school', path: '/kontingent/employees/new' },
  {
    name: 'card-new-mistakes',
    as: 'director_school',
    path: '/kontingent/employees/new',
    act: async (page) => {
      await page.getByRole('button', { name: 'Сохранить', exact: true }).click();
      await page.locator('[aria-invalid=true]').first().waitFor();
    },
  },
  { name: 'card', as: 'director_school', path: '/kontingent/employees?query=верещагина', act: openRow('Верещагина'), readme: true },
  { name: 'card-own', as: 'director_school', path: '/kontingent/employees?query=чудинова', act: openRow('Чудинова') },
  { name: 'card-head-by-deputy', as: 'deputy_school', path: '/kontingent/employees?query=чудинова', act: openRow('Чудинова') },
  // Makes cards: the last, so that the others show the demo as it began.
  {
    name: 'card-new-row',
    as: 'director_school',
    path: '/kontingent/employees/new',
    act: async (page) => {
      await page.getByLabel('Роль').selectOption({ label: 'Учитель' });
      for (const [place, family] of ['Пермякова', 'Соловьёва'].entries()) {
        await page.locator('[name="person/family_name"]').fill(family);
        await page.locator('[name="person/given_name"]').fill('Анна');
        await page.locator('[name="person/patronymic"]').fill('Ильинична');
        await page.locator('[name="person/email"]').fill(`a${place}@school.example`);
        await page.getByRole('button', { name: 'Сохранить и создать ещё' }).click();
        await page.getByTestId('slip-password').nth(place).waitFor();
      }
    },
  },
];

/** Opens the first card of the list whose name contains `name`. */
function openRow(name) {
  return async (page) => {
    await page.getByRole('link', { name: new RegExp(name) }).first().click();
    await page.waitForURL(/employees\/[0-9a-f-]{36}/);
    await page.waitForLoadState('networkidle');
  };
}

/** The cookies of a signed-in person: one sign-in for all the pictures. */
const sessions = new Map();
async function cookiesOf(browser, userName) {
  if (!sessions.has(userName)) {
    const context = await browser.newContext({ baseURL: base });
    const answer = await context.request.post('/api/v1/session', {
      headers: { origin: base },
      data: { user_name: userName, password },
    });
    if (!answer.ok()) throw new Error(`${userName} does not sign in: ${answer.status()} ${await answer.text()}`);
    sessions.set(userName, (await context.storageState()).cookies);
    await context.close();
  }
  return sessions.get(userName);
}

const browser = await chromium.launch({
  executablePath: process.env.EPOS_CHROMIUM ?? '/usr/bin/chromium',
  args: [
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--disable-quic',
    '--no-first-run',
  ],
});
let taken = 0;
for (const screen of screens.filter(({ name }) => name.includes(only))) {
  for (const [size, viewport] of Object.entries(sizes)) {
    for (const colorScheme of ['light', 'dark']) {
      const context = await browser.newContext({
        baseURL: base,
        viewport,
        colorScheme,
        locale: 'ru-RU',
        timezoneId: 'Asia/Yekaterinburg',
      });
      if (screen.as) await context.addCookies(await cookiesOf(browser, screen.as));
      const page = await context.newPage();
      await page.goto(screen.path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.waitForLoadState('networkidle');
      await screen.act?.(page);
      const path = join(folder, `${screen.name}-${size}-${colorScheme}.png`);
      await page.screenshot({ path, fullPage: size === 'phone' });
      if (screen.readme) {
        await mkdir(join(root, 'docs', 'images'), { recursive: true });
        await page.screenshot({ path: join(root, 'docs', 'images', `${screen.name}-${size}-${colorScheme}.png`) });
      }
      taken += 1;
      await context.close();
    }
  }
  console.log(screen.name);
}
await browser.close();
if (taken === 0) throw new Error('no screen has that name');
console.log(`${taken} pictures in ${folder}`);
