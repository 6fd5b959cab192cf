import { expect, type Page } from '@playwright/test';
import { field } from './person';
import { answer, press, problem, type Screen } from './screens';

// The screens around Госуслуги, with what the server would answer: the ways through the stand-in are journeys of
// their own.

const ID = '01900000-0000-7000-8000-000000000001';
const OTHER = '01900000-0000-7000-8000-000000000002';
const LATER = '2030-01-01T00:00:00Z';
const DAY = 24 * 60 * 60 * 1000;
const ago = (days: number) => new Date(Date.now() - days * DAY).toISOString();

const NAME = { family_name: 'Ёлкина', given_name: 'Анна', patronymic: 'Петровна' };
const SCHOOL = { id: ID, kind: 'school', short_name: 'МАОУ «Школа № 1»' };

const visit = (not_found: string, more: object = {}) =>
  answer(/api\/v1\/esia\/visit$/, 200, {
    name: NAME, email: 'elkina@example.ru', not_found, sent_to: [], expires_at: LATER, ...more,
  });

/** The session of the demo, as it would be with more in it. */
const session = (more: object) => (page: Page) =>
  page.route(/api\/v1\/session$/, async (route) => {
    const found = await route.fetch();
    const { session } = (await found.json()) as { session: object };
    await route.fulfill({ json: { session: { ...session, ...more } } });
  });

const profile = (more: object) => (page: Page) =>
  page.route(/api\/v1\/profile$/, async (route) => {
    const found = await route.fetch();
    await route.fulfill({ json: { ...((await found.json()) as object), ...more } });
  });

const list = (items: object[], total = items.length) => ({
  items, total: { kind: 'exact', value: total }, next: null, previous: null,
});

const row = (state: string, more: object = {}) => ({
  id: ID, version: 3, kind: 'sign_in', state, organization: SCHOOL, name: NAME, email: 'elkina@example.ru',
  created_at: ago(1), ...more,
});

const DETAILS = {
  mismatch: row('waiting'),
  cards: [
    { id: OTHER, name: NAME, email: 'old@example.ru', is_bound: false, differs: ['email'] },
    {
      id: ID, name: { ...NAME, family_name: 'Елкина-Петрова', patronymic: null }, email: 'elkina@example.ru',
      is_bound: true, differs: ['family_name', 'patronymic', 'snils'],
    },
  ],
};

const certificate = (subject: string, days: number) => ({
  subject, fingerprint: '3f'.repeat(32), not_before: ago(300), not_after: ago(-days),
});
const HEALTH = {
  enabled: true, is_standin: true, host: 'https://esia-portal1.test.gosuslugi.ru', client_id: 'EPOS59',
  last_success_at: ago(0.1), clock_difference_seconds: 2,
  own_certificate: certificate('CN=ЭПОС, O=Министерство образования Пермского края', 12),
  trusted_certificates: [certificate('CN=ЕСИА', 400), certificate('CN=ЕСИА, прежний', -3)],
};

const GRANT = {
  id: ID, category: 'parent', name: NAME, email: 'elkina@example.ru', snils: '112-233-445 95',
  period: { start: '2026-09-01', end: '2027-08-31' }, state: 'in_force', created_at: ago(3),
};

const shown = (text: string) => (page: Page) => expect(page.getByText(text).first()).toBeVisible();
const THREE = { categories: ['employee', 'parent', 'student'] };

export const ESIA_SCREENS: Screen[] = [
  { name: 'ЕСИА', path: '/login/esia' },
  { name: 'ЕСИА, our failure', path: '/login/esia?failure=007015&request=01JDZ0' },
  { name: 'ЕСИА, failure of the person', path: '/login/esia?failure=unconfirmed&request=01JDZ0' },
  { name: 'ЕСИА, it passes', path: '/login/esia?failure=unreachable' },
  { name: 'ЕСИА, account taken', as: 'director_school', path: '/login/esia?failure=taken' },
  { name: 'mismatch', path: '/login/esia/mismatch', before: visit('email') },
  { name: 'mismatch, no e-mail', path: '/login/esia/mismatch', before: visit('no_verified_email', { email: undefined }) },
  {
    name: 'mismatch, empty forms sent',
    path: '/login/esia/mismatch',
    before: visit('name'),
    act: async (page) => {
      await press('Привязать карточку и войти')(page);
      await press('Отправить администратору')(page);
      await expect(page.locator('[aria-invalid=true]')).toHaveCount(4);
    },
  },
  {
    name: 'mismatch, wrong password of the card',
    path: '/login/esia/mismatch',
    complaints: /status of 422/,
    before: async (page) => {
      await visit('email')(page);
      await answer(/api\/v1\/esia\/visit\/bind$/, 422, {
        type: '/problems/invalid-card-credentials', title: 'Неверный логин или пароль карточки', status: 422,
        code: 'invalid-card-credentials', attempts_left: 4,
      })(page);
    },
    act: async (page) => {
      await field(page, 'Логин').fill('elkina_ap');
      await page.getByLabel('Пароль', { exact: true }).fill('ABCD-EFGH');
      await press('Привязать карточку и войти')(page);
      await expect(page.getByText('Остались 4 попытки.')).toBeVisible();
    },
  },
  {
    name: 'mismatch, sent',
    path: '/login/esia/mismatch',
    before: visit('email', { sent_to: [SCHOOL.short_name] }),
    act: shown('Ваша заявка у администратора'),
  },
  {
    name: 'mismatch, its time is over',
    path: '/login/esia/mismatch',
    complaints: /status of 410/,
    before: problem(/api\/v1\/esia\/visit$/, 410, 'visit-expired', 'Время истекло'),
  },
  { name: 'categories', as: 'director_school', path: '/roles', before: session(THREE), act: shown('Обучающийся') },
  {
    name: 'categories, to be chosen first',
    as: 'director_school',
    path: '/kontingent',
    before: session({ ...THREE, category: undefined }),
    act: (page) => expect(page).toHaveURL(/\/roles\?next=/),
  },
  {
    name: 'subsystems of a parent',
    as: 'two_places',
    path: '/subsystems',
    before: async (page) => {
      await session({ ...THREE, category: 'parent' })(page);
      await answer(/api\/v1\/subsystems$/, 200, { items: [], advice: 'nothing_for_category' })(page);
    },
    act: shown('Для родителей подсистем пока нет'),
  },
  {
    name: 'subsystems, card found and not bound',
    as: 'newcomer',
    path: '/subsystems',
    before: answer(/api\/v1\/subsystems$/, 200, {
      items: [{ code: 'kontingent', name: 'Контингент', description: 'Сотрудники', href: '/kontingent/bind' }],
      advice: 'bind_matched_card',
    }),
    act: shown('ещё не привязана'),
  },
  {
    name: '«Контингент» for a parent',
    as: 'director_school',
    path: '/kontingent/employees',
    before: session({ ...THREE, category: 'parent' }),
    act: shown('Раздел открыт сотрудникам'),
  },
  {
    name: 'profile, joined with Госуслуги',
    as: 'director_school',
    path: '/profile',
    before: profile({ esia: { linked_at: ago(20), can_unlink: true } }),
    act: async (page) => {
      await press('Отвязать')(page);
      await expect(page.getByRole('dialog')).toBeVisible();
    },
  },
  {
    name: 'profile, Госуслуги are the last way in',
    as: 'director_school',
    path: '/profile',
    before: profile({ esia: { linked_at: ago(20), can_unlink: false }, has_password: false }),
    act: shown('Это ваш единственный способ входа'),
  },
  {
    name: 'profile, Госуслуги do not answer',
    as: 'director_school',
    path: '/profile',
    complaints: /status of 503/,
    before: problem(/api\/v1\/profile\/esia$/, 503, 'esia-unavailable', 'Госуслуги сейчас не отвечают'),
    act: async (page) => {
      await press('Связать с Госуслугами')(page);
      await expect(page.getByRole('alert').first()).toBeVisible();
    },
  },
  {
    name: 'mismatches, none',
    as: 'director_school',
    path: '/kontingent/mismatches',
    before: answer(/api\/v1\/kontingent\/mismatches$/, 200, list([])),
    act: shown('Расхождений нет'),
  },
  {
    name: 'mismatches, many',
    as: 'director_school',
    path: '/kontingent/mismatches?state=corrected',
    before: answer(
      /api\/v1\/kontingent\/mismatches\?/,
      200,
      { ...list(Array.from({ length: 50 }, () => row('corrected'))), total: { kind: 'more_than', value: 1000 }, next: 'x' },
    ),
    act: (page) => expect(page.getByRole('row')).toHaveCount(51),
  },
  {
    name: 'mismatch, beside the likely cards',
    as: 'director_school',
    path: `/kontingent/mismatches/${ID}`,
    before: answer(/api\/v1\/kontingent\/mismatches\/[^/]+$/, 200, DETAILS),
    act: (page) => expect(page.getByRole('table')).toHaveCount(2),
  },
  {
    name: 'mismatch, to be declined',
    as: 'director_school',
    path: `/kontingent/mismatches/${ID}`,
    before: answer(/api\/v1\/kontingent\/mismatches\/[^/]+$/, 200, { mismatch: row('corrected', { corrected_at: ago(0.2) }), cards: [] }),
    act: async (page) => {
      await press('Отклонить')(page);
      await page.getByRole('dialog').getByRole('button', { name: 'Отклонить' }).click();
      await expect(page.locator('[aria-invalid=true]')).toBeVisible();
    },
  },
  {
    name: 'card, beside Госуслуги',
    as: 'director_school',
    path: '/kontingent/employees',
    before: answer(/api\/v1\/kontingent\/mismatches\/[^/]+$/, 200, DETAILS),
    act: async (page) => {
      await page.getByRole('table').getByRole('link', { name: 'Верещагина' }).first().click();
      await expect(page.locator('.toolbar')).toBeVisible();
      await page.goto(`${page.url()}?field=email&mismatch=${ID}`);
      await expect(field(page, 'E-mail')).toBeFocused();
      await page.getByRole('button', { name: 'Взять с Госуслуг: elkina@example.ru' }).click();
      await expect(field(page, 'E-mail')).toHaveValue('elkina@example.ru');
      await expect(page.getByText('как на Госуслугах').first()).toBeVisible();
    },
  },
  {
    name: 'state of the link',
    as: 'support',
    path: '/support/esia',
    before: answer(/api\/v1\/esia\/health$/, 200, HEALTH),
    act: shown('осталось'),
  },
  {
    name: 'state of the link, paused',
    as: 'support',
    path: '/support/esia',
    before: answer(/api\/v1\/esia\/health$/, 200, {
      ...HEALTH, is_standin: false, paused_until: LATER, clock_difference_seconds: -95, trusted_certificates: [],
      last_failure: { at: ago(0), code: '007015' },
    }),
    act: shown('Госуслуги не отвечают'),
  },
  {
    name: 'alarms',
    as: 'support',
    path: '/support/alarms',
    before: answer(/api\/v1\/alarms/, 200, list([
      { id: ID, code: 'esia-007015', detail: 'timestamp is 70 s ahead', first_at: ago(2), last_at: ago(0.1), occurrences: 23 },
      { id: OTHER, code: 'esia-signer', detail: 'exit status: 1', first_at: ago(2), last_at: ago(1), occurrences: 1, resolved_at: ago(0.5) },
    ])),
    act: async (page) => {
      await page.getByRole('button', { name: /^Разобрано/ }).first().click();
      await expect(page.getByRole('dialog')).toBeVisible();
    },
  },
  {
    name: 'alarms, none',
    as: 'support',
    path: '/support/alarms',
    before: answer(/api\/v1\/alarms/, 200, list([])),
    act: shown('Тревог нет'),
  },
  {
    name: 'categories of people',
    as: 'support',
    path: '/support/categories',
    before: answer(/api\/v1\/categories/, 200, list([
      GRANT, { ...GRANT, id: OTHER, category: 'student', state: 'ended', ended_on: '2026-11-01', snils: undefined },
    ])),
    act: (page) => expect(page.getByRole('row')).toHaveCount(3),
  },
  {
    name: 'a category is given, mistakes',
    as: 'support',
    path: '/support/categories/new',
    act: async (page) => {
      await press('Дать категорию')(page);
      await expect(page.getByLabel('Категория')).toBeFocused();
    },
  },
];
