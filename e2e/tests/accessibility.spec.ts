import type { BrowserContext, Page } from '@playwright/test';
import { expectAccessible, expectAccessibleInEveryColour, lowVision } from './axe';
import { expect, test } from './fixtures';
import {
  chooseOrganization, consent, expectPromised, mailbox, organization, sendApplication, typeApplicant,
} from './letters';
import { endsIn, expectNoOverflow, field, openCard, openKontingent, PASSWORD, save, typePerson } from './person';
import { answer, broken, never, press, problem, type Screen } from './screens';
import { ESIA_SCREENS } from './screens-esia';
import type { DemoServer } from './server';

/** Opens the card of a person from the staff list. */
const card = (name: string) => async (page: Page) => {
  await openCard(page, name, new RegExp(name));
  await expect(page.locator('.toolbar')).toBeVisible();
};

/** Opens the first account of a list. */
const account = async (page: Page) => {
  await page.getByRole('table').getByRole('link').first().click();
  await expect(page.getByRole('region', { name: 'Учётная запись' })).toBeVisible();
};

/** A link that works, whose letter lies elsewhere. */
const link = (purpose: string) =>
  answer(/api\/v1\/links$/, 200, { purpose, user_name: 'elkina', expires_at: '2030-01-01T00:00:00Z' });

const LIST = '/kontingent/employees';
const NEW = '/kontingent/employees/new';

const SCREENS: Screen[] = [
  { name: 'ways in', path: '/login' },
  { name: 'РСАА', path: '/login/rsaa' },
  { name: 'РСАА, empty form sent', path: '/login/rsaa', act: press('ВОЙТИ') },
  {
    name: 'РСАА, wrong password',
    path: '/login/rsaa',
    complaints: /status of 401/,
    act: async (page) => {
      await field(page, 'ИМЯ ПОЛЬЗОВАТЕЛЯ / E-MAIL').fill('nobody');
      await page.getByLabel('ПАРОЛЬ', { exact: true }).fill('неверный пароль');
      await press('ВОЙТИ')(page);
      await expect(page.getByRole('alert').first()).toBeVisible();
    },
  },
  {
    name: 'РСАА, password shown',
    path: '/login/rsaa',
    act: async (page) => {
      await page.getByLabel('ПАРОЛЬ', { exact: true }).fill('видно');
      await page.getByRole('button', { name: 'Показать пароль' }).click();
    },
  },
  { name: 'in preparation', path: '/portal' },
  { name: 'registration', path: '/register', act: (page) => expect(page.getByText('Прочитать текст')).toBeVisible() },
  {
    name: 'registration, empty form sent, consent open',
    path: '/register',
    act: async (page) => {
      await page.getByText('Прочитать текст').click();
      await press('Зарегистрироваться')(page);
      await expect(field(page, 'Фамилия')).toBeFocused();
    },
  },
  {
    name: 'registration, organizations found',
    path: '/register',
    act: async (page) => {
      await organization(page).fill('школа');
      await expect(page.getByRole('option').first()).toBeVisible();
      await page.keyboard.press('ArrowDown');
    },
  },
  {
    name: 'registration, organization not listed',
    path: '/register',
    act: (page) => page.getByRole('checkbox', { name: 'Моей организации нет в списке' }).check(),
  },
  {
    name: 'registration, consent not loaded',
    path: '/register',
    complaints: /status of 502/,
    before: broken(/api\/v1\/consent/),
    act: (page) => expect(page.getByRole('button', { name: 'Повторить' })).toBeVisible(),
  },
  {
    name: 'registration, letter promised',
    path: '/register',
    act: async (page) => {
      const person = { family: 'Ёлкина', given: 'Анна', email: mailbox('vid'), position: 'Учитель' };
      await typeApplicant(page, person);
      await chooseOrganization(page, 'школа');
      await consent(page).check();
      await sendApplication(page);
      await expectPromised(page);
    },
  },
  { name: 'recovery', path: '/recover' },
  {
    name: 'recovery, letter promised',
    path: '/recover',
    act: async (page) => {
      await field(page, 'Имя пользователя / e-mail').fill('nobody');
      await press('Отправить письмо')(page);
      await expectPromised(page);
    },
  },
  { name: 'link without its token', path: '/activate' },
  { name: 'link that is forged', path: '/activate#0000000000000000000000', complaints: /status of 404/ },
  {
    name: 'link whose time is over',
    path: '/recover#0000000000000000000000',
    complaints: /status of 410/,
    before: problem(/api\/v1\/links/, 410, 'link-expired', 'Срок ссылки истёк'),
    act: (page) => expect(page.getByRole('heading', { name: 'Срок ссылки истёк' })).toBeVisible(),
  },
  {
    name: 'link, first password, weak',
    path: '/activate#0000000000000000000000',
    before: link('activation'),
    act: async (page) => {
      await page.getByLabel('Новый пароль', { exact: true }).fill('йцукен12345');
      await press('Сохранить пароль')(page);
      await expect(page.locator('[aria-invalid=true]')).toBeVisible();
    },
  },
  { name: 'link, address to be proven', path: '/confirm#0000000000000000000000', before: link('proof') },
  {
    name: 'link, change of the e-mail',
    path: '/confirm-email#0000000000000000000000',
    before: link('email_change_old'),
  },
  { name: 'letters of the demo', path: '/letters' },
  {
    name: 'letters, not loaded',
    path: '/letters',
    complaints: /status of 502/,
    before: broken(/api\/v1\/demo\/letters/),
    act: (page) => expect(page.getByRole('button', { name: 'Повторить' })).toBeVisible(),
  },
  {
    name: 'consent to a new text',
    as: 'class_teacher',
    path: '/subsystems',
    before: (page) =>
      page.route(/api\/v1\/session$/, async (route) => {
        const answer = await route.fetch();
        const { session } = (await answer.json()) as { session: object };
        await route.fulfill({ json: { session: { ...session, consent_required: true } } });
      }),
    act: async (page) => {
      await expect(page).toHaveURL(/\/consent\?next=/);
      await expect(page.getByText('Версия текста:')).toBeVisible();
    },
  },
  { name: 'instructions', path: '/instructions/staff' },
  { name: 'not found', path: '/no/such/page' },
  { name: 'server not reached', path: '/', complaints: /status of 502/, before: broken(/api\/v1\/session/) },
  { name: 'subsystems', as: 'director_school', path: '/subsystems' },
  { name: 'subsystems without a card', as: 'newcomer', path: '/subsystems' },
  { name: 'subsystems, role ended', as: 'role_ended', path: '/subsystems' },
  { name: 'binding', as: 'newcomer', path: '/kontingent/bind' },
  { name: 'binding, empty form sent', as: 'newcomer', path: '/kontingent/bind', act: press('Войти') },
  { name: 'choice of a card', as: 'two_places', path: '/kontingent/cards' },
  { name: 'no rights', as: 'class_teacher', path: LIST },
  { name: 'no role in force', as: 'role_ended', path: LIST, complaints: /status of 403/ },
  { name: 'list', as: 'director_school', path: LIST },
  { name: 'list of a great many', as: 'support', path: LIST },
  {
    name: 'list, sorted by a column',
    as: 'support',
    path: `${LIST}?sort=organization_descending`,
    act: (page) => expect(page.locator('[aria-sort=descending]')).toHaveCount(1),
  },
  { name: 'list, nobody found', as: 'support', path: `${LIST}?query=ъъъъ` },
  { name: 'list, in the archive', as: 'support', path: `${LIST}?state=archived` },
  {
    name: 'list, loading',
    as: 'director_school',
    path: LIST,
    before: never(/api\/v1\/kontingent\/employees/),
    act: (page) => expect(page.getByText('Загрузка…')).toBeAttached(),
  },
  {
    name: 'list, not loaded',
    as: 'director_school',
    path: LIST,
    complaints: /status of 502/,
    before: broken(/api\/v1\/kontingent\/employees/),
    act: (page) => expect(page.getByRole('button', { name: 'Повторить' })).toBeVisible(),
  },
  {
    name: 'list, organizations open',
    as: 'support',
    path: LIST,
    act: async (page) => {
      await page.getByRole('combobox', { name: 'Организация' }).click();
      await expect(page.getByRole('option').first()).toBeVisible();
      await page.keyboard.press('ArrowDown');
    },
  },
  {
    name: 'list, no such organization',
    as: 'support',
    path: LIST,
    act: async (page) => {
      await page.getByRole('combobox', { name: 'Организация' }).fill('ъъъъ');
      await expect(page.locator('.listbox').getByText('Ничего не нашлось')).toBeVisible();
    },
  },
  { name: 'new card', as: 'director_school', path: NEW },
  { name: 'new card, of any organization', as: 'support', path: NEW },
  {
    name: 'new card, mistakes',
    as: 'support',
    path: NEW,
    act: async (page) => {
      await press('Добавить роль')(page);
      await press('Сохранить')(page);
      await expect(page.locator('[aria-invalid=true]').first()).toBeVisible();
    },
  },
  {
    name: 'new card, a row of three',
    as: 'director_school',
    path: NEW,
    act: async (page) => {
      await page.getByLabel('Роль').selectOption({ label: 'Учитель' });
      for (const [count, family] of ['Первушина', 'Второва', 'Третьякова'].entries()) {
        await typePerson(page, { family, given: 'Анна', patronymic: 'Петровна', email: `row${count}@school.example` });
        await press('Сохранить и создать ещё')(page);
        await expect(page.getByTestId('slip-password')).toHaveCount(count + 1);
      }
    },
  },
  { name: 'new card, not for this person', as: 'uo_spo', path: NEW },
  { name: 'card', as: 'director_school', path: LIST, act: card('Верещагина') },
  { name: 'card, own', as: 'director_school', path: LIST, act: card('Чудинова') },
  { name: 'card of the head', as: 'deputy_school', path: LIST, act: card('Чудинова') },
  {
    name: 'card, question before leaving',
    as: 'director_school',
    path: LIST,
    act: async (page) => {
      await card('Верещагина')(page);
      await field(page, 'Примечание').fill('Не сохранено');
      await press('Закрыть')(page);
      await expect(page.getByRole('dialog')).toBeVisible();
    },
  },
  {
    name: 'card, question before the archive',
    as: 'director_school',
    path: LIST,
    act: async (page) => {
      await card('Верещагина')(page);
      await press('В архив')(page);
      await expect(page.getByRole('dialog')).toBeVisible();
    },
  },
  {
    name: 'card, password shown once',
    as: 'director_school',
    path: LIST,
    act: async (page) => {
      await card('Верещагина')(page);
      await press('Сбросить пароль')(page);
      await expect(page.getByTestId('secret-password')).toBeVisible();
    },
  },
  {
    name: 'card, saved by somebody else meanwhile',
    as: 'director_school',
    path: LIST,
    complaints: /status of 409/,
    act: async (page) => {
      await card('Верещагина')(page);
      const other = await page.context().newPage();
      await other.goto(page.url());
      await field(other, 'Примечание').fill(`Кабинет ${Date.now()}`);
      await save(other).click();
      await expect(other.getByRole('status').filter({ hasText: 'сохранена' })).toBeVisible();
      await other.close();
      await field(page, 'Примечание').fill('Кабинет 7');
      await save(page).click();
      await expect(page.locator('#changes')).toBeVisible();
    },
  },
  {
    name: 'session ends soon',
    as: 'director_school',
    path: NEW,
    before: endsIn(100),
    act: (page) => expect(page.getByRole('alertdialog')).toBeVisible(),
  },
  {
    name: 'session ends soon in any case',
    as: 'director_school',
    path: LIST,
    before: endsIn(100, true),
    act: (page) => expect(page.getByRole('alertdialog')).toBeVisible(),
  },
  {
    name: 'card, not found',
    as: 'director_school',
    path: `${LIST}/01900000-0000-7000-8000-000000000000`,
    complaints: /status of 404/,
  },
  { name: 'profile', as: 'director_school', path: '/profile', act: (page) => expect(page.getByRole('table')).toBeVisible() },
  {
    name: 'profile, loading',
    as: 'director_school',
    path: '/profile',
    before: never(/api\/v1\/profile/),
    act: (page) => expect(page.getByText('Загрузка…').first()).toBeAttached(),
  },
  {
    name: 'profile, not loaded',
    as: 'director_school',
    path: '/profile',
    complaints: /status of 502/,
    before: broken(/api\/v1\/profile/),
    act: (page) => expect(page.getByRole('button', { name: 'Повторить' }).first()).toBeVisible(),
  },
  {
    name: 'profile, new password, mistakes',
    as: 'director_school',
    path: '/profile',
    act: async (page) => {
      await press('Сменить пароль')(page);
      await page.getByLabel('Новый пароль', { exact: true }).fill('пароль');
      await page.getByRole('dialog').getByRole('button', { name: 'Сменить пароль' }).click();
      await expect(page.locator('[aria-invalid=true]').first()).toBeVisible();
    },
  },
  { name: 'accounts, no rights', as: 'director_school', path: '/accounts' },
  { name: 'accounts', as: 'support', path: '/accounts', act: (page) => expect(page.getByRole('table')).toBeVisible() },
  { name: 'accounts, nobody found', as: 'support', path: '/accounts?query=ъъъъ' },
  { name: 'account', as: 'support', path: '/accounts?state=blocked', act: account },
  {
    name: 'account, question before a new e-mail, mistakes',
    as: 'support',
    path: '/accounts?state=blocked',
    act: async (page) => {
      await account(page);
      await press('Заменить e-mail')(page);
      await page.getByRole('dialog').getByRole('button', { name: 'Заменить' }).click();
      await expect(page.locator('[aria-invalid=true]').first()).toBeVisible();
    },
  },
  {
    name: 'account, not found',
    as: 'support',
    path: '/accounts/01900000-0000-7000-8000-000000000000',
    complaints: /status of 404/,
  },
  { name: 'applications', as: 'support', path: '/applications' },
  { name: 'applications, declined', as: 'support', path: '/applications?state=declined' },
  {
    name: 'application, not found',
    as: 'support',
    path: '/applications/01900000-0000-7000-8000-000000000000',
    complaints: /status of 404/,
  },
];

/** Cookies of the people who signed in at this server: one sign-in for all screens. */
const sessions = new Map<string, Awaited<ReturnType<BrowserContext['cookies']>>>();

async function enter(page: Page, server: DemoServer, userName: string): Promise<void> {
  const key = `${server.url} ${userName}`;
  const known = sessions.get(key);
  if (known) return page.context().addCookies(known);
  const answer = await page.context().request.post('/api/v1/session', {
    headers: { origin: server.url },
    data: { user_name: userName, password: PASSWORD },
  });
  expect(answer.ok(), `${userName} signs in`).toBe(true);
  sessions.set(key, await page.context().cookies());
}

for (const screen of [...SCREENS, ...ESIA_SCREENS]) {
  test(`axe-core finds nothing: ${screen.name}`, async ({ page, server, browserErrors }) => {
    if (screen.complaints) browserErrors.allow(screen.complaints);
    if (screen.as) await enter(page, server, screen.as);
    await screen.before?.(page);
    await page.goto(screen.path);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    if (!screen.before) await page.waitForLoadState('networkidle');
    await screen.act?.(page);
    await expectAccessibleInEveryColour(page, screen.name);
    await page.unrouteAll({ behavior: 'ignoreErrors' });
  });
}

test.describe('«Версия для слабовидящих»', () => {
  const on = (page: Page) => page.getByRole('button', { name: 'Версия для слабовидящих' });
  const panel = (page: Page) => page.getByRole('region', { name: 'Версия для слабовидящих' });
  const root = (page: Page) => page.locator('html');

  test('one press puts it on, it is kept, and one press takes it back', async ({ page }) => {
    await page.goto('/login');
    await on(page).click();
    await expect(root(page)).toHaveAttribute('data-text', '150');
    await expect(root(page)).toHaveAttribute('data-colours', 'black');
    await expect(panel(page).getByRole('button', { name: 'Настройки вида' })).toBeFocused();
    await expect(panel(page)).toMatchAriaSnapshot(`
      - region "Версия для слабовидящих":
        - button "Настройки вида" [expanded]
        - button "Обычная версия"
        - group "Размер текста":
          - radio "100 %"
          - radio "150 %" [checked]
          - radio "200 %"
        - group "Цвета":
          - radio "Чёрным по белому" [checked]
          - radio "Белым по чёрному"
          - radio "Синим по голубому"
        - group "Между буквами":
          - radio "Обычно" [checked]
          - radio "Просторно"
        - group "Картинки":
          - radio "Показывать" [checked]
          - radio "Убрать"
    `);
    for (const name of ['200 %', 'Белым по чёрному', 'Просторно', 'Убрать']) {
      await panel(page).getByRole('radio', { name }).check();
    }
    await expectAccessible(page, 'panel open');
    await expectNoOverflow(page);
    await page.goto('/instructions/staff');
    await expect(root(page)).toHaveAttribute('data-text', '200');
    await expect(root(page)).toHaveAttribute('data-colours', 'white');
    await expect(root(page)).toHaveAttribute('data-spacing', 'wide');
    await expect(root(page)).toHaveAttribute('data-pictures', 'off');
    await expect(page.locator('.low-vision-panel')).toBeHidden();
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe('rgb(0, 0, 0)');
    expect(await page.evaluate(() => getComputedStyle(document.documentElement).fontSize)).toBe('32px');
    await page.getByRole('button', { name: 'Обычная версия' }).click();
    await expect(root(page)).not.toHaveAttribute('data-text', /./);
    await expect(on(page)).toBeFocused();
    await page.reload();
    await expect(on(page)).toBeVisible();
    await expect(root(page)).not.toHaveAttribute('data-text', /./);
  });

  test('it is on before the program arrives', async ({ page }) => {
    await page.goto('/login');
    await on(page).click();
    await expect(root(page)).toHaveAttribute('data-text', '150');
    await page.route(/\.wasm$/, () => new Promise(() => undefined));
    await page.goto('/login/rsaa', { waitUntil: 'commit' });
    await expect(page.getByText('Загрузка…')).toBeVisible();
    await expect(root(page)).toHaveAttribute('data-text', '150');
    await page.unrouteAll({ behavior: 'ignoreErrors' });
  });

  test('what is kept and cannot be read does no harm', async ({ page }) => {
    await page.addInitScript(() => localStorage.setItem('epos-low-vision', 'text=900 colours= чушь'));
    await page.goto('/login');
    await expect(page.getByRole('button', { name: 'Обычная версия' })).toBeVisible();
    await expect(root(page)).toHaveAttribute('data-text', '150');
    await expect(root(page)).toHaveAttribute('data-colours', 'black');
  });

  test('it is there on every page, and in each of its colours all can be read', async ({ page, server, browserErrors }) => {
    browserErrors.allow(/status of 404/);
    for (const path of ['/login', '/login/rsaa', '/register', '/no/such/page']) {
      await page.goto(path);
      await expect(on(page), path).toBeVisible();
    }
    await enter(page, server, 'two_places');
    for (const path of ['/subsystems', '/kontingent/cards']) {
      await page.goto(path);
      await expect(on(page), path).toBeVisible();
    }
    await enter(page, server, 'director_school');
    for (const path of [LIST, NEW]) {
      await page.goto(path);
      await expect(on(page), path).toBeVisible();
      await page.waitForLoadState('networkidle');
      for (const colours of ['black', 'white', 'blue']) {
        for (const text of ['100', '150', '200']) {
          await lowVision(page, { text, colours });
          await expectNoOverflow(page);
        }
        await expectAccessible(page, `${path}, ${colours}`);
      }
    }
  });
});

test.describe('what a screen reader is told', () => {
  test('header, way and headings name where one is and who', async ({ page, server }) => {
    await enter(page, server, 'director_school');
    await page.goto(LIST);
    await expect(page.getByRole('banner')).toMatchAriaSnapshot(`
      - banner:
        - link "ЭПОС, на главную"
        - link "Контингент"
        - group "Вы вошли как"
        - button "Выйти"
        - button "Версия для слабовидящих"
    `);
    await expect(page.getByRole('navigation', { name: 'Где я' })).toMatchAriaSnapshot(`
      - navigation "Где я":
        - list:
          - listitem:
            - link "Подсистемы"
          - listitem:
            - link "Контингент"
          - listitem: Сотрудники
    `);
    await expect(page).toHaveTitle('Сотрудники — ЭПОС');
    await expect(page.getByRole('heading', { level: 1, name: 'Сотрудники' })).toBeVisible();
    await expect(page.getByRole('contentinfo')).toBeVisible();
    await expect(page.getByRole('main')).toHaveCount(1);
  });

  test('the list is a table with named columns and rows, and the search says how many it found', async ({ page, server }) => {
    await enter(page, server, 'director_school');
    await page.goto(`${LIST}?query=верещагина`);
    await expect(page.getByRole('table', { name: 'Сотрудники' })).toMatchAriaSnapshot(`
      - table "Сотрудники":
        - caption: Сотрудники
        - rowgroup:
          - row:
            - columnheader "ФИО, e-mail":
              - button "ФИО, e-mail"
            - columnheader "Роли, окончание":
              - button "Роли, окончание"
            - columnheader "Логин":
              - button "Логин"
            - columnheader "Учётная запись, вход":
              - button "Учётная запись, вход"
        - rowgroup:
          - row:
            - rowheader /Верещагина/:
              - link /Верещагина/
            - cell
            - cell
            - cell
    `);
    await expect(page.getByRole('columnheader', { name: 'ФИО' })).toHaveAttribute('aria-sort', 'ascending');
    await expect(page.getByRole('search')).toMatchAriaSnapshot(`
      - search:
        - text: Поиск
        - searchbox "Поиск"
        - button "Очистить поиск"
        - text: Роль
        - combobox "Роль"
        - text: Состояние
        - combobox "Состояние"
        - text: Порядок
        - combobox "Порядок"
    `);
    const status = page.getByRole('status').filter({ hasText: /найден|сотрудник/i }).first();
    await expect(status).toBeVisible();
    const before = await status.innerText();
    await page.getByRole('searchbox').fill('в');
    await expect(status).not.toHaveText(before);
  });

  test('a card names its parts, its fields and their errors', async ({ page, server }) => {
    await enter(page, server, 'director_school');
    await page.goto(NEW);
    await expect(page.getByRole('group', { name: 'Действия с карточкой' })).toMatchAriaSnapshot(`
      - group "Действия с карточкой":
        - button "Сохранить"
        - button "Сохранить и закрыть"
        - button "Сохранить и создать ещё"
        - button "Закрыть"
        - button "Добавить роль"
    `);
    const roles = page.getByRole('region', { name: 'Организация и роли' });
    await expect(roles.getByRole('group', { name: 'Назначение 1' })).toBeVisible();
    await expect(roles.getByRole('combobox', { name: 'Роль' })).toHaveAttribute('aria-required', 'true');
    await expect(field(roles, 'Конечная дата')).toHaveAccessibleDescription('Пусто — бессрочно');
    const person = page.getByRole('region', { name: 'Сотрудник' });
    for (const name of ['Фамилия', 'Имя', 'Отчество', 'E-mail']) {
      // The star is for the eye; the ear is told that the field is required.
      await expect(person.getByRole('textbox', { name, exact: true })).toHaveAttribute('aria-required', 'true');
    }
    await expect(person.getByRole('checkbox', { name: 'Без отч.' })).not.toBeChecked();
    await save(page).click();
    await expect(field(person, 'Фамилия')).toHaveAccessibleDescription(/Заполните/);
    await expect(field(person, 'E-mail')).toHaveAccessibleDescription(/По нему сотрудника узнают.*Укажите e-mail/);
    await expect(roles.getByRole('combobox', { name: 'Роль' })).toHaveAccessibleDescription(/Выберите роль/);
  });

  test('a save says that it is under way and that it is done', async ({ page }) => {
    await openKontingent(page, 'director_school');
    await openCard(page, 'верещагина', /Верещагина/);
    await field(page, 'Примечание').fill(`Кабинет ${Date.now()}`);
    let go = (): void => undefined;
    const held = new Promise<void>((resolve) => (go = resolve));
    await page.route(/api\/v1\/kontingent\/employees\/[^?]+$/, async (route) => {
      if (route.request().method() !== 'GET') await held;
      await route.continue();
    });
    const button = save(page);
    await button.click();
    await expect(button).toHaveAttribute('aria-busy', 'true');
    await expect(button).toHaveAttribute('aria-disabled', 'true');
    go();
    await expect(page.getByRole('status').filter({ hasText: 'Карточка сохранена' })).toBeVisible();
    await expect(button).not.toHaveAttribute('aria-busy', /./);
  });

  test('the list of a combobox says what it found and what stands out', async ({ page, server }) => {
    await enter(page, server, 'support');
    await page.goto(NEW);
    const box = page.getByRole('combobox', { name: 'Организация' });
    await box.fill('гимназия');
    await expect(page.getByRole('status').filter({ hasText: /Вариантов: \d/ })).toBeAttached();
    await expect(page.getByRole('listbox', { name: 'Организация' }).getByRole('option').first()).toBeVisible();
    await box.press('ArrowDown');
    const active = await box.getAttribute('aria-activedescendant');
    await expect(page.locator(`#${active}`)).toHaveRole('option');
    await box.fill('ъъъъ');
    await expect(page.getByRole('status').filter({ hasText: 'Ничего не нашлось' })).toBeAttached();
  });
});
