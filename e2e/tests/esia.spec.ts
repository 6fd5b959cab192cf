import type { Page } from '@playwright/test';
import { expectAccessible, expectAccessibleInEveryColour } from './axe';
import { expect, test } from './esia-fixtures';
import { comeThrough, emailOf, goThere, hire, signInThere, somebody, throughEsiaOnly } from './esia-people';
import { bind, expectAlert, expectNoOverflow, field, openKontingent, PASSWORD, signIn, signOut, typeCredentials } from './person';

const heading = (page: Page, name?: string | RegExp) => page.getByRole('heading', { level: 1, name });
const main = (page: Page) => page.getByRole('main');
const UNKNOWN = 'Мы не узнали вас по данным Госуслуг';

/** The page that explains a failure: what happened, and the code. */
async function expectFailure(page: Page, title: string, code: string): Promise<void> {
  await expect(heading(page, title)).toBeVisible();
  await expect(page).toHaveURL(new RegExp(`/login/esia\\?.*failure=${code}`));
  await expect(main(page)).toContainText(`Код: ${code}`);
  await expectNoOverflow(page);
}

/** Whoever was never here before agrees first. */
async function agree(page: Page): Promise<void> {
  await expect(page).toHaveURL(/\/consent/);
  await page.getByRole('button', { name: 'Согласен' }).click();
}

async function expectSignedIn(page: Page, family: string): Promise<void> {
  await expect(page).toHaveURL(/\/subsystems$/);
  await expect(heading(page, 'Подсистемы')).toBeVisible();
  await expect(page.getByRole('banner')).toContainText(family);
}

test.describe('who comes in', () => {
  test('an account with a password is joined at once, and is signed in the next time too', async ({ page, standin }) => {
    const person = await standin.person('Субботина');
    await comeThrough(page, standin, person);
    await expectSignedIn(page, 'Субботина');
    await expect(page.getByRole('banner')).toContainText('Классный руководитель');
    await page.goto('/profile');
    await expect(page.getByRole('region', { name: 'Госуслуги' })).toContainText('связаны');
    await signOut(page);
    await standin.reset();
    await comeThrough(page, standin, person);
    await expectSignedIn(page, 'Субботина');
  });

  test('a bound card without a password opens «Контингент», and Госуслуги are its only way in', async ({ page, standin }) => {
    await comeThrough(page, standin, await standin.person('Кузнецова'));
    await expectSignedIn(page, 'Кузнецова');
    await main(page).getByRole('link', { name: /Контингент/ }).click();
    await expect(page).toHaveURL(/\/kontingent\/employees$/);
    await page.goto('/profile');
    await expect(page.getByText('Это ваш единственный способ входа')).toBeVisible();
    await expect(page.getByRole('button', { name: 'Отвязать' })).toHaveCount(0);
  });

  test('a card that is not bound is recognised; what its role gives comes with the binding', async ({ page, server, standin }) => {
    const person = somebody({ middleName: undefined });
    await standin.put(person);
    const card = await hire(server, person);
    await comeThrough(page, standin, person);
    await agree(page);
    await expectSignedIn(page, person.lastName);
    await expect(page.getByText('откроются, когда вы её привяжете')).toBeVisible();
    await expectNoOverflow(page);
    await page.getByRole('link', { name: 'Привязать карточку' }).click();
    await bind(page, card.login, card.password);
    await expect(page.getByText(/привязана/i).first()).toBeVisible();
    await expect(page.getByRole('banner')).toContainText('Учитель');
  });

  test('ё and е, case, spaces and hyphens make no other person', async ({ page, server, standin }) => {
    const person = somebody();
    person.lastName = `${person.lastName}-Королёва`;
    await standin.put(person);
    await hire(server, person, { family: person.lastName.replace('-', ' ').replace('ё', 'е').toLowerCase() });
    await comeThrough(page, standin, person);
    await agree(page);
    await expectSignedIn(page, 'Королёва');
  });

  test('a parent alone and a student alone choose nothing', async ({ page, standin }) => {
    for (const [family, words] of [['Ракитин', 'Для родителей'], ['Ракитина', 'Для обучающихся']] as const) {
      await standin.reset();
      await comeThrough(page, standin, await standin.person(family));
      await agree(page);
      await expectSignedIn(page, family);
      await expect(main(page)).toContainText(words);
      await expect(main(page).getByRole('link', { name: /Контингент/ })).toHaveCount(0);
      await signOut(page);
    }
  });

  test('who is of the staff and a parent chooses, and changes over without signing in again', async ({ page, standin }) => {
    await comeThrough(page, standin, await standin.person('Верещагина'));
    await expect(page).toHaveURL(/\/roles/);
    await expect(heading(page, 'Выберите категорию')).toBeVisible();
    await expect(main(page).getByRole('button')).toHaveCount(2);
    await expectNoOverflow(page);
    await expectAccessibleInEveryColour(page, 'categories');
    await main(page).getByRole('button', { name: /^Родитель/ }).click();
    await expectSignedIn(page, 'Верещагина');
    await expect(main(page)).toContainText('Категория: Родитель');
    // Of a card nothing is left, and on the server neither.
    await expect(page.getByRole('banner')).not.toContainText('Учитель');
    const { session } = await (await page.request.get('/api/v1/session')).json();
    expect(session.category).toBe('parent');
    await page.getByRole('link', { name: 'Сменить категорию' }).click();
    await main(page).getByRole('button', { name: /^Сотрудник/ }).click();
    await expect(main(page)).toContainText('Категория: Сотрудник');
    await expect(page.getByRole('banner')).toContainText('Учитель');
  });

  test('where one was going is where one comes', async ({ page, standin }) => {
    await page.goto('/login?next=%2Fprofile');
    await page.getByRole('link', { name: 'Вход через ЕСИА' }).click();
    await signInThere(page, await standin.person('Субботина'));
    await expect(heading(page, 'Мой профиль')).toBeVisible();
  });
});

test.describe('who does not come in', () => {
  const REFUSED = [
    ['Быков', 'Учётная запись на Госуслугах не подтверждена', 'unconfirmed'],
    ['Елисеев', 'Учётная запись на Госуслугах удалена', 'deleted'],
    ['Мехоношин', 'Учётная запись заблокирована', 'blocked'],
  ] as const;
  for (const [family, title, code] of REFUSED) {
    test(`explained: ${code}`, async ({ page, standin }) => {
      await comeThrough(page, standin, await standin.person(family));
      await expectFailure(page, title, code);
      expect((await (await page.request.get('/api/v1/session')).json()).session).toBeNull();
    });
  }

  test('whoever presses «Отмена» is told so, and can begin again', async ({ page, standin }) => {
    await goThere(page, standin);
    await page.getByRole('button', { name: 'Отмена' }).click();
    await expectFailure(page, 'Вход через Госуслуги отменён', '007004');
    await page.getByRole('link', { name: 'Войти через Госуслуги ещё раз' }).click();
    await signInThere(page, await standin.person('Субботина'));
    await expectSignedIn(page, 'Субботина');
  });

  // One of each class; every code is tried on the server.
  const CLASSES: [string, object, string][] = [
    ['007055', { unconfirmed: true }, 'Учётная запись на Госуслугах не подтверждена'],
    ['007046', { error: '007046' }, 'Госуслуги требуют второй шаг подтверждения'],
    ['007194', { error: '007194' }, 'Госуслуги вошли не как частное лицо'],
    ['007008', { error: '007008', error_at: 'te' }, 'Госуслуги сейчас перегружены или на обслуживании'],
    ['007011', { error: '007011', error_at: 'te', plain_error: true }, 'Вход не завершён вовремя'],
    ['007023', { error: '007023', error_at: 'te' }, 'Госуслуги не приняли наш запрос'],
    ['007015', { error: '007015', error_at: 'te' }, 'Часы нашего сервера разошлись с Госуслугами'],
    ['untrusted', { alg: 'none' }, 'Ответ Госуслуг не прошёл проверку'],
    ['untrusted', { rotated: true }, 'Ответ Госуслуг не прошёл проверку'],
    ['wrong-browser', { callback: { state: '8a2f2f3a-1111-4222-8333-444455556666' } }, 'Вход начат в другом окне или слишком давно'],
  ];
  test('each class of failures has its page', async ({ page, standin }) => {
    const person = await standin.person('Субботина');
    for (const [code, switches, title] of CLASSES) {
      await test.step(`${code}: ${JSON.stringify(switches)}`, async () => {
        await standin.reset();
        await standin.switch(person, switches);
        await goThere(page, standin);
        await signInThere(page, person);
        await expectFailure(page, title, code);
      });
    }
    await expectAccessibleInEveryColour(page, 'failure');
  });

  test('an answer in a browser that asked for none opens nothing', async ({ page }) => {
    await page.goto('/esia/callback?code=eyJ.eyJ.x&state=8a2f2f3a-1111-4222-8333-444455556666');
    await expectFailure(page, 'Вход начат в другом окне или слишком давно', 'wrong-browser');
    await page.goto('/login/esia?failure=%3Cb%3E&request=%22%3E');
    await expect(heading(page, 'Вход через Госуслуги не удался')).toBeVisible();
    await expect(main(page).locator('b')).toHaveCount(0);
  });

  test('with Госуслуги down a clear page comes at once', async ({ page, standin }) => {
    await standin.pause();
    await page.goto('/login');
    const link = page.getByRole('link', { name: 'Вход через ЕСИА' });
    await expect(link).toBeVisible();
    const leads = async () => (await page.request.get('/esia/login', { maxRedirects: 0 })).headers()['location'];
    // For a moment the server remembers that they answered.
    await expect.poll(leads).toContain('failure=unreachable');
    const took: number[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      const started = Date.now();
      const answer = await page.request.get('/esia/login', { maxRedirects: 0 });
      took.push(Date.now() - started);
      expect(answer.status()).toBe(303);
      expect(answer.headers()['location']).toContain('failure=unreachable');
    }
    // The fastest: what else the machine does is not the server's.
    expect(Math.min(...took), 'milliseconds to an answer').toBeLessThan(1_000);
    await link.click();
    await expectFailure(page, 'Госуслуги сейчас не отвечают', 'unreachable');
    await page.getByRole('link', { name: 'Войти по паролю' }).click();
    await typeCredentials(page, 'class_teacher', PASSWORD);
    await expectSignedIn(page, 'Субботина');
    // As soon as they are back, the way is open again.
    await standin.goOn();
    await expect.poll(leads).toContain(standin.url);
  });
});

test.describe('who was not recognised', () => {
  test('another e-mail: told what was not found, nothing of anybody else, and settled by the card itself', async ({ page, server, standin, browserErrors }) => {
    browserErrors.allow(/status of 422/);
    const person = somebody();
    await standin.put(person);
    const card = await hire(server, person, { email: `card.${emailOf(person)}` });
    await comeThrough(page, standin, person);
    await expect(heading(page, UNKNOWN)).toBeVisible();
    await expect(page).toHaveURL(/\/login\/esia\/mismatch$/);
    await expect(page.getByText('Не найден e-mail')).toBeVisible();
    const told = page.getByRole('region', { name: 'Что сообщили Госуслуги' });
    await expect(told).toContainText(`${person.lastName} Вера Олеговна`);
    await expect(told).toContainText(emailOf(person));
    await expect(page.getByRole('region', { name: 'Что делать' }).getByRole('listitem')).toHaveCount(3);
    await expect(main(page)).not.toContainText('card.');
    await expectNoOverflow(page);

    const own = page.getByRole('region', { name: 'Есть логин и пароль карточки' });
    const press = own.getByRole('button', { name: 'Привязать карточку и войти' });
    await field(own, 'Логин').fill(card.login);
    await own.getByLabel('Пароль', { exact: true }).fill('wrong-passwd');
    await press.click();
    await expectAlert(page, /Логин или пароль карточки не подош/);
    await own.getByLabel('Пароль', { exact: true }).fill(card.password);
    await press.click();
    await agree(page);
    await expectSignedIn(page, person.lastName);
    await expect(page.getByRole('banner')).toContainText('Учитель');
    // The next time there is nothing to settle.
    await signOut(page);
    await standin.reset();
    await comeThrough(page, standin, person);
    await expectSignedIn(page, person.lastName);
  });

  test('the credentials of a card with other ФИО open nothing', async ({ page, server, standin, browserErrors }) => {
    browserErrors.allow(/status of 422/);
    const [owner, other] = [somebody(), somebody({ firstName: 'Зоя' })];
    await standin.put(other);
    const card = await hire(server, owner);
    await comeThrough(page, standin, other);
    await expect(heading(page, UNKNOWN)).toBeVisible();
    const own = page.getByRole('region', { name: 'Есть логин и пароль карточки' });
    await field(own, 'Логин').fill(card.login);
    await own.getByLabel('Пароль', { exact: true }).fill(card.password);
    await own.getByRole('button', { name: 'Привязать карточку и войти' }).click();
    await expectAlert(page, /ФИО/);
    await expect(main(page)).not.toContainText(owner.lastName);
    await expect(page).toHaveURL(/\/login\/esia\/mismatch$/);
  });

  test('other ФИО: sent to the administrator, who corrects the card, and the next sign-in works at once', async ({ page, server, standin, browser, browserErrors }) => {
    const person = somebody();
    await standin.put(person);
    await hire(server, person, { family: `Старая-${person.lastName}` });
    await comeThrough(page, standin, person);
    await expect(heading(page, UNKNOWN)).toBeVisible();
    await expect(page.getByText('Не совпали ФИО')).toBeVisible();
    await expect(main(page)).not.toContainText('Старая');
    const sending = page.getByRole('region', { name: 'Сообщить администратору' });
    const send = sending.getByRole('button', { name: 'Отправить администратору' });
    const organization = sending.getByRole('combobox', { name: 'Выберите организацию' });
    const agreed = sending.getByRole('checkbox', { name: /Согласен отправить свои ФИО и e-mail/ });
    // Nothing goes without both.
    await send.click();
    await expect(organization).toHaveAttribute('aria-invalid', 'true');
    await expect(agreed).toHaveAccessibleDescription(/согласны/);
    await expectAccessible(page, 'not recognised, mistakes');
    await organization.fill('СОШ № 12');
    await page.getByRole('option', { name: /СОШ № 12/ }).first().click();
    await agreed.check();
    await send.click();
    await expect(page.locator('#sent')).toBeFocused();
    await expect(page.locator('#sent')).toContainText('СОШ № 12');
    await expectAccessibleInEveryColour(page, 'not recognised');

    await test.step('the administrator', async () => {
      const context = await browser.newContext({ baseURL: server.url, locale: 'ru-RU', viewport: page.viewportSize() });
      browserErrors.watch(context);
      const office = await context.newPage();
      await openKontingent(office, 'director_school');
      await office.goto('/kontingent/mismatches');
      await expect(heading(office, 'Расхождения с Госуслугами')).toBeVisible();
      await expectNoOverflow(office);
      await expectAccessible(office, 'queue');
      await office.getByRole('link', { name: new RegExp(person.lastName) }).first().click();
      await expect(office.getByRole('region', { name: 'Что сообщили Госуслуги' })).toContainText(emailOf(person));
      const compared = office.getByRole('table', { name: 'Сравнение с Госуслугами' }).first();
      await expect(compared).toContainText(`Старая-${person.lastName}`);
      await expectNoOverflow(office);
      await expectAccessible(office, 'mismatch');
      // One press opens the card at the field that differs.
      await office.getByRole('link', { name: /Исправить в карточке: Фамилия/ }).first().click();
      await expect(office).toHaveURL(/employees\/[0-9a-f-]{36}\?/);
      await expect(field(office, 'Фамилия')).toBeFocused();
      await office.getByRole('button', { name: /Взять с Госуслуг/ }).first().click();
      await expect(field(office, 'Фамилия')).toHaveValue(person.lastName);
      await office.getByRole('button', { name: 'Сохранить', exact: true }).click();
      await expect(office.getByRole('status').filter({ hasText: 'сохранена' })).toBeVisible();
      await office.goto('/kontingent/mismatches?state=corrected');
      const row = office.getByRole('row').filter({ hasText: person.lastName });
      await expect(row).toContainText(/исправлено, ожидает входа/i);
      await context.close();
    });

    // He is signed in at Госуслуги still.
    await page.getByRole('link', { name: 'Войти через Госуслуги ещё раз' }).first().click();
    await agree(page);
    await expectSignedIn(page, person.lastName);
  });

  test('an e-mail that Госуслуги have not verified recognises nobody', async ({ page, standin, browserErrors }) => {
    browserErrors.allow(/status of 410/);
    await comeThrough(page, standin, await standin.person('Павлова'));
    await expect(heading(page, UNKNOWN)).toBeVisible();
    await expect(page.getByText('На Госуслугах нет подтверждённого e-mail')).toBeVisible();
    await page.getByRole('button', { name: 'Забыть мои данные и уйти' }).click();
    await expect(page).toHaveURL(/\/login$/);
    await expect(heading(page, 'Вход')).toBeVisible();
    await page.goto('/login/esia/mismatch');
    await expect(heading(page, 'Время этой страницы истекло')).toBeVisible();
  });
});

test.describe('one person, two ways in', () => {
  test('the own account is joined in the profile and taken apart again', async ({ page, standin }) => {
    const person = somebody({ lastName: 'Соловьёва', firstName: 'Ирина', middleName: 'Аркадьевна' });
    await standin.put(person);
    await signIn(page, 'social_pedagogue');
    await page.goto('/profile');
    const ways = page.getByRole('region', { name: 'Госуслуги' });
    await ways.getByRole('button', { name: 'Связать с Госуслугами' }).click();
    await signInThere(page, person);
    await expect(heading(page, 'Мой профиль')).toBeVisible();
    await expect(ways).toContainText('связаны');
    await expectNoOverflow(page);
    await signOut(page);
    await standin.reset();
    await comeThrough(page, standin, person);
    await expectSignedIn(page, 'Соловьёва');
    await page.goto('/profile');
    await ways.getByRole('button', { name: 'Отвязать' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Отвязать' }).click();
    await expect(ways.getByRole('button', { name: 'Связать с Госуслугами' })).toBeVisible();
    await signOut(page);
    await standin.reset();
    await comeThrough(page, standin, person);
    await expect(heading(page, UNKNOWN)).toBeVisible();
  });

  test('another person of Госуслуги is not joined, and somebody else’s is not taken', async ({ page, standin }) => {
    const stranger = somebody();
    await standin.put(stranger);
    await signIn(page, 'kindergarten_teacher');
    const join = async () => {
      await page.goto('/profile');
      await page.getByRole('button', { name: 'Связать с Госуслугами' }).click();
    };
    await join();
    await signInThere(page, stranger);
    await expectFailure(page, 'ФИО на Госуслугах и в учётной записи различаются', 'other-person');
    await page.context().clearCookies();
    await standin.reset();
    // Somebody who is joined with an account of his own.
    await comeThrough(page, standin, await standin.person('Субботина'));
    await expect(page.getByRole('banner')).toContainText('Субботина');
    await signOut(page);
    await standin.reset();
    await signIn(page, 'kindergarten_teacher');
    await join();
    await signInThere(page, await standin.person('Субботина'));
    await expect(heading(page, /Эти Госуслуги уже связаны|ФИО на Госуслугах и в учётной записи различаются/)).toBeVisible();
    await page.goto('/profile');
    await expect(page.getByRole('button', { name: 'Связать с Госуслугами' })).toBeVisible();
  });

  test('«только через Госуслуги» is told after the right password alone', async ({ page, server, standin, browserErrors }) => {
    browserErrors.allow(/status of 40[13]/);
    await throughEsiaOnly(server, 'политехнический');
    await page.goto('/login/rsaa');
    await typeCredentials(page, 'deputy_college', 'не тот пароль');
    await expectAlert(page, 'Неверное имя пользователя или пароль');
    await typeCredentials(page, 'deputy_college', PASSWORD);
    await expectAlert(page, /Госуслуг/);
    await expect(page).toHaveURL(/\/login\/rsaa/);
    const person = somebody({ lastName: 'Гилёва', firstName: 'Наталья', middleName: 'Петровна' });
    person.contacts = [{ type: 'EML', vrfStu: 'VERIFIED', value: 'gileva.np@politeh-verkhnekamsk.example' }];
    await standin.put(person);
    await comeThrough(page, standin, person);
    await expectSignedIn(page, 'Гилёва');
  });
});

test('support sees how the link to Госуслуги is', async ({ page, standin }) => {
  await comeThrough(page, standin, await standin.person('Субботина'));
  await expectSignedIn(page, 'Субботина');
  await signOut(page);
  await signIn(page, 'support');
  await page.goto('/support/esia');
  await expect(heading(page, 'Госуслуги')).toBeVisible();
  await expect(main(page)).toContainText('Вход через Госуслуги работает');
  await expect(main(page)).toContainText('Вместо Госуслуг работает демонстрационный стенд');
  await expect(main(page)).toContainText(standin.url);
  await expect(page.getByRole('table', { name: 'Сертификаты' }).getByRole('row')).toHaveCount(3);
  await expect(main(page)).toContainText('EPOS_DEMO');
  await expectNoOverflow(page);
  await expectAccessibleInEveryColour(page, 'state of the link');
});

test('the pages of the stand-in can be used by everybody', async ({ page, standin }) => {
  await goThere(page, standin);
  await expect(page.getByText('это не Госуслуги')).toBeVisible();
  const everywhere = async (where: string) => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await expectAccessible(page, `${where}, ${colorScheme}`);
      await expectNoOverflow(page);
    }
  };
  await everywhere('login');
  await page.getByRole('button', { name: /Подставить: Субботина/ }).click();
  await expect(page.getByLabel('Телефон / Email / СНИЛС')).toHaveValue(/subbotina/);
  await page.getByText('Для испытаний').click();
  await everywhere('login, filled in');
  await page.getByLabel('Пароль', { exact: true }).fill('неверный');
  await page.getByRole('button', { name: 'Войти' }).click();
  await expect(page.getByRole('alert')).toHaveText('Неверные логин или пароль');
  await everywhere('login, wrong password');
  await page.goto(`${standin.url}/idp/ext/Logout?client_id=EPOS_DEMO`);
  await expect(heading(page, 'Вы вошли')).toHaveCount(0);
  await everywhere('signed out');
});

// A telephone has no such keys.
test('by keyboard alone: there, back unrecognised, the card, in', { tag: '@desktop' }, async ({ page, server, standin }) => {
  const person = somebody();
  await standin.put(person);
  const card = await hire(server, person, { email: `card.${emailOf(person)}` });
  const tabTo = async (name: RegExp, role: 'link' | 'textbox' | 'button') => {
    const target = main(page).getByRole(role, { name }).first();
    await expect(target).toBeVisible();
    for (let steps = 0; steps < 60; steps += 1) {
      await page.keyboard.press('Tab');
      if (await target.evaluate((element) => element === document.activeElement)) return;
    }
    throw new Error(`${name} cannot be reached by Tab`);
  };
  await page.goto('/login');
  await tabTo(/Вход через ЕСИА/, 'link');
  await page.keyboard.press('Enter');
  await expect(page.getByLabel('Телефон / Email / СНИЛС')).toBeFocused();
  await page.keyboard.type(emailOf(person));
  await page.keyboard.press('Tab');
  await page.keyboard.type(person.password);
  await page.keyboard.press('Enter');
  await expect(heading(page, UNKNOWN)).toBeVisible();
  await tabTo(/^Логин/, 'textbox');
  await page.keyboard.type(card.login);
  await page.keyboard.press('Tab');
  await page.keyboard.type(card.password);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/consent/);
  // The heading takes the focus a moment after the page is there.
  await expect(async () => {
    await tabTo(/^Согласен/, 'button');
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(/\/subsystems$/, { timeout: 5_000 });
  }).toPass();
  await expectSignedIn(page, person.lastName);
});
