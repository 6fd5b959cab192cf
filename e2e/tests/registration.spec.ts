import { expect, test } from './fixtures';
import {
  chooseOrganization, consent, expectPromised, lettersTo, linkOf, mailbox, nextLetter, openLink, organization,
  register, sendApplication, setPassword, typeApplicant,
} from './letters';
import { expectFieldError, expectNoOverflow, field, typeCredentials } from './person';

const NEW_PASSWORD = 'Кедр у брода, семь окуней';

const applicant = (email: string) => ({
  family: 'Ёлкина',
  given: 'Варвара',
  patronymic: 'Ильинична',
  email,
  position: 'Учитель музыки',
});

test('the page has the labels and placeholders of the form and the side list', async ({ page }) => {
  await page.goto('/login/rsaa');
  await page.getByRole('link', { name: 'РЕГИСТРАЦИЯ' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Регистрация и документация' })).toBeFocused();
  await expect(page).toHaveTitle('Регистрация. Регистрация и документация — ЭПОС');
  for (const [label, placeholder] of [
    ['Фамилия', 'Введите фамилию'],
    ['Имя', 'Введите имя'],
    ['Отчество', 'Отчество'],
    ['Email', 'Введите email'],
    ['Должность', 'Должность'],
  ] as const) {
    const input = page.getByRole('textbox', { name: label, exact: true });
    await expect(input).toHaveAttribute('placeholder', placeholder);
    await expect(input).toHaveAttribute('aria-required', 'true');
  }
  await expect(organization(page)).toHaveAttribute('placeholder', 'Выберите организацию');
  for (const label of ['Краткое наименование организации', 'ИНН организации (10 цифр)', 'КПП организации (9 цифр)']) {
    await expect(page.getByRole('textbox', { name: label, exact: true })).toBeVisible();
  }
  await expect(consent(page)).not.toBeChecked();
  const side = page.getByRole('navigation', { name: 'Регистрация и документация' });
  for (const name of [
    'Авторизация', 'Инструкция для регистрации в РСАА в рамках СДО', 'Подключение к РСАА', 'Руководство администратора',
    'Руководство пользователя', 'Задать вопрос',
  ]) {
    await expect(side.getByRole('link', { name })).toBeVisible();
  }
  await expect(side.getByText('Документы')).toBeVisible();
  await expect(side.getByText('Тех. поддержка')).toBeVisible();
  await expectNoOverflow(page);
});

test('from the form over the letter to the first sign-in', async ({ page, server }) => {
  const email = mailbox('elkina');
  await page.goto('/register');
  await typeApplicant(page, applicant(email));
  await chooseOrganization(page, 'школа');
  await expect(field(page, 'ИНН организации')).toHaveValue(/^\d{10}$/);
  await expect(field(page, 'КПП организации')).toHaveValue(/^[0-9A-Z]{9}$/);
  await page.getByText('Прочитать текст согласия').click();
  await expect(page.getByText('Версия текста:')).toBeVisible();
  await consent(page).check();
  await sendApplication(page);
  await expectPromised(page);
  await expect(page.getByText(email)).toBeVisible();
  await expect(page.getByText('72 часа')).toBeVisible();
  expect(await page.evaluate(() => JSON.stringify({ ...sessionStorage }))).not.toContain(email);

  const letter = await nextLetter(server, email);
  // It repeats nothing that was typed: the address was not proven yet.
  for (const typed of ['Ёлкина', 'Варвара', 'музыки']) expect(letter.text).not.toContain(typed);
  await openLink(page, letter);
  await expect(page).toHaveURL(/\/activate$/);
  await expect(page.getByRole('heading', { level: 1, name: 'Придумайте пароль' })).toBeVisible();
  const userName = await field(page, 'Имя пользователя').inputValue();
  expect(letter.text).toContain(userName);
  await expect(field(page, 'Имя пользователя')).not.toBeEditable();
  await expectNoOverflow(page);

  await page.getByRole('button', { name: 'Сохранить пароль' }).click();
  await expectFieldError(page, 'Новый пароль', /Придумайте пароль/);
  await page.getByLabel('Новый пароль', { exact: true }).fill('йцукен12345');
  await expect(page.getByRole('status').filter({ hasText: /угадать легко|подбирают первыми/ })).toBeVisible();
  await page.getByRole('button', { name: 'Показать пароль' }).click();
  await expect(page.getByLabel('Новый пароль', { exact: true })).toHaveAttribute('type', 'text');
  await page.getByRole('button', { name: 'Сохранить пароль' }).click();
  await expectFieldError(page, 'Новый пароль', /угадать легко|подбирают первыми/);

  expect(await setPassword(page, NEW_PASSWORD)).toBe(userName);
  await expect(page.getByText('Пароль сохранён')).toBeVisible();
  await expect(field(page, 'ИМЯ ПОЛЬЗОВАТЕЛЯ / E-MAIL')).toHaveValue(userName);
  await page.getByLabel('ПАРОЛЬ', { exact: true }).fill(NEW_PASSWORD);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/subsystems$/);
  await expect(page.getByRole('banner')).toContainText('Ёлкина');
  await expect(page.getByText(/Прошлый вход/)).toBeHidden();

  // The e-mail is a name too, and the sign-in before this one is told.
  await page.getByRole('button', { name: 'Выйти' }).click();
  await expect(page).toHaveURL(/\/login/);
  await page.goto('/login/rsaa');
  await typeCredentials(page, email, NEW_PASSWORD);
  await expect(page.getByText(/Прошлый вход: \d{2}\.\d{2}\.\d{4} \d{2}:\d{2}/)).toBeVisible();
});

test('a link works once, on whatever device, and a forged one not at all', async ({ page, server, browser, browserErrors }) => {
  browserErrors.allow(/status of 4(04|10)/);
  const email = mailbox('odin');
  await register(page, applicant(email));
  const letter = await nextLetter(server, email);
  const elsewhere = await browser.newContext({ baseURL: server.url });
  browserErrors.watch(elsewhere);
  const other = await elsewhere.newPage();
  await openLink(other, letter);
  await setPassword(other, NEW_PASSWORD);
  await elsewhere.close();

  await openLink(page, letter);
  await expect(page.getByRole('heading', { level: 1, name: 'Ссылкой уже воспользовались' })).toBeVisible();
  await expect(page.getByRole('main').getByRole('link', { name: 'Войти' })).toBeVisible();
  await expect(page.getByRole('main').getByRole('link', { name: 'Забыли пароль?' })).toBeVisible();

  // Also a link that is typed over the page's address is looked at.
  await page.goto('/activate#AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA');
  await expect(page.getByRole('heading', { level: 1, name: 'Ссылка не действует' })).toBeVisible();
  await expect(page).toHaveURL(/\/activate$/);
  await page.getByRole('main').getByRole('link', { name: 'Зарегистрироваться ещё раз' }).click();
  await expect(page).toHaveURL(/\/register$/);

  await page.goto('/activate');
  await expect(page.getByRole('heading', { level: 1, name: 'Откройте ссылку из письма' })).toBeVisible();
});

test('a newer application supersedes the older, and what was typed can be corrected', async ({ page, server, browserErrors }) => {
  browserErrors.allow(/status of 404/);
  const email = mailbox('dvazhdy');
  await register(page, applicant(email));
  const first = await nextLetter(server, email);
  await page.getByRole('button', { name: 'Исправить и отправить ещё раз' }).click();
  await expect(field(page, 'Email')).toHaveValue(email);
  await expect(consent(page)).not.toBeChecked();
  await field(page, 'Должность').fill('Завуч');
  await consent(page).check();
  await sendApplication(page);
  await expectPromised(page);
  const second = await nextLetter(server, email, 2);
  expect(linkOf(second).token).not.toBe(linkOf(first).token);
  await openLink(page, first);
  await expect(page.getByRole('heading', { level: 1, name: 'Ссылка не действует' })).toBeVisible();
  await openLink(page, second);
  await expect(page.getByRole('heading', { level: 1, name: 'Придумайте пароль' })).toBeVisible();
});

test('an address that is taken is answered alike, and only its letter tells', async ({ page, server }) => {
  const email = mailbox('zanyat');
  await register(page, applicant(email));
  await openLink(page, await nextLetter(server, email));
  await setPassword(page, NEW_PASSWORD);
  await register(page, { ...applicant(email), family: 'Чужих', given: 'Степан' });
  const letter = await nextLetter(server, email, 2);
  expect(letter.text).not.toContain('/activate#');
  expect(letter.text).not.toContain('Чужих');
});

test('an empty form names every field and takes the focus to the first', async ({ page }) => {
  await page.goto('/register');
  await expect(page.getByText('Прочитать текст согласия')).toBeVisible();
  await sendApplication(page);
  await expect(field(page, 'Фамилия')).toBeFocused();
  for (const label of ['Фамилия', 'Имя', 'Отчество', 'Email', 'Должность', 'ИНН организации', 'КПП организации']) {
    await expect(field(page, label)).toHaveAttribute('aria-invalid', 'true');
  }
  await expect(organization(page)).toHaveAttribute('aria-invalid', 'true');
  await expect(consent(page)).toHaveAccessibleDescription(/Без согласия/);
  await expectNoOverflow(page);
});

test('numbers of another organization are refused at their fields', async ({ page, browserErrors }) => {
  browserErrors.allow(/status of 422/);
  await page.goto('/register');
  await typeApplicant(page, { ...applicant(mailbox('chuzhoy')), patronymic: undefined });
  await chooseOrganization(page, 'школа');
  // The choice fills the fields a moment later.
  await expect(field(page, 'ИНН организации')).toHaveValue(/^\d{10}$/);
  await expect(field(page, 'КПП организации')).toHaveValue(/^\d{9}$/);
  const kpp = await field(page, 'КПП организации').inputValue();
  await field(page, 'ИНН организации').fill('7707083893');
  await consent(page).check();
  await sendApplication(page);
  await expectFieldError(page, 'ИНН организации', /Это ИНН другой организации/);
  await expect(field(page, 'ИНН организации')).toBeFocused();
  await expect(field(page, 'КПП организации')).toHaveValue(kpp);
  await field(page, 'ИНН организации').fill('7707083894');
  await sendApplication(page);
  await expectFieldError(page, 'ИНН организации', /контрольная цифра/);
});

test('an organization that is not listed is typed in, the address proven by a press, and support decides', async ({ page, server, browserErrors }) => {
  browserErrors.allow(/status of 410/);
  const email = mailbox('novaya');
  await page.goto('/register');
  await typeApplicant(page, applicant(email));
  await page.getByRole('checkbox', { name: 'Моей организации нет в списке' }).check();
  await expect(organization(page)).toBeHidden();
  await expect(page.getByText('Заявку сначала проверит техподдержка')).toBeVisible();
  await field(page, 'Полное наименование организации').fill('Школа на Вишере');
  await field(page, 'Краткое наименование организации').fill('ШнВ');
  await field(page, 'Населённый пункт').fill('Красновишерск');
  await field(page, 'ИНН организации').fill('7707083893');
  await field(page, 'КПП организации').fill('590201001');
  await consent(page).check();
  await expectNoOverflow(page);
  await sendApplication(page);
  await expectPromised(page);
  const letter = await nextLetter(server, email);
  await openLink(page, letter);
  await expect(page).toHaveURL(/\/confirm$/);
  await expect(page.getByRole('heading', { level: 1, name: 'Подтверждение адреса' })).toBeVisible();
  // Opening alone proves nothing: also programs that look through letters do it.
  await openLink(page, letter);
  await page.getByRole('button', { name: 'Подтвердить адрес' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Адрес подтверждён' })).toBeFocused();
  await openLink(page, letter);
  await expect(page.getByRole('heading', { level: 1, name: 'Ссылкой уже воспользовались' })).toBeVisible();
});

test('what was typed survives a reload, the consent does not', async ({ page }) => {
  await page.goto('/register');
  await typeApplicant(page, { ...applicant(mailbox('chernovik')), patronymic: undefined });
  await chooseOrganization(page, 'школа');
  const chosen = await organization(page).inputValue();
  await consent(page).check();
  await page.reload();
  await expect(page.getByText('Здесь то, что было введено раньше')).toBeVisible();
  await expect(field(page, 'Фамилия')).toHaveValue('Ёлкина');
  await expect(page.getByRole('checkbox', { name: 'Без отчества' })).toBeChecked();
  await expect(organization(page)).toHaveValue(chosen);
  await expect(field(page, 'ИНН организации')).toHaveValue(/^\d{10}$/);
  await expect(consent(page)).not.toBeChecked();
  await page.getByRole('button', { name: 'Очистить форму' }).click();
  await expect(field(page, 'Фамилия')).toHaveValue('');
  await expect(organization(page)).toHaveValue('');
});

test('the letters of the demo lie on a page of their own', async ({ page, server }) => {
  const email = mailbox('pismo');
  await register(page, applicant(email));
  await nextLetter(server, email);
  await page.getByRole('main').getByRole('link', { name: 'Письма' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Письма' })).toBeFocused();
  const letter = page.getByRole('article').filter({ hasText: email });
  await expect(letter).toHaveCount(1);
  await expectNoOverflow(page);
  await letter.getByRole('link', { name: /activate#/ }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Придумайте пароль' })).toBeVisible();
  await expect(page).toHaveURL(/\/activate$/);
  await page.goBack();
  await expect(page.getByRole('heading', { level: 1, name: 'Письма' })).toBeVisible();
  await page.getByRole('button', { name: 'Обновить' }).click();
  await expect(letter).toHaveCount(1);
  expect(await lettersTo(server, email)).toHaveLength(1);
});

test('an impatient person who presses twice gets one letter', async ({ page, server }) => {
  const email = mailbox('speshka');
  await page.goto('/register');
  await typeApplicant(page, applicant(email));
  await chooseOrganization(page, 'школа');
  await consent(page).check();
  await page.getByRole('button', { name: 'Зарегистрироваться' }).dblclick();
  await expectPromised(page);
  await nextLetter(server, email);
  expect(await lettersTo(server, email)).toHaveLength(1);
});

test('registration by keyboard alone', { tag: '@desktop' }, async ({ page, server }) => {
  const email = mailbox('klavisha');
  await page.goto('/register');
  // It stands on the way of Tab.
  await expect(page.getByText('Прочитать текст согласия')).toBeVisible();
  await field(page, 'Фамилия').focus();
  for (const typed of ['Ёлкина', 'Варвара']) {
    await page.keyboard.type(typed);
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  await expect(page.getByRole('checkbox', { name: 'Без отчества' })).toBeChecked();
  await page.keyboard.press('Tab');
  for (const typed of [email, 'Учитель']) {
    await page.keyboard.type(typed);
    await page.keyboard.press('Tab');
  }
  await expect(organization(page)).toBeFocused();
  await page.keyboard.type('верхнекамск 12');
  await expect(page.getByRole('option').first()).toBeVisible();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(field(page, 'ИНН организации')).toHaveValue(/^\d{10}$/);
  for (let steps = 0; steps < 5; steps += 1) await page.keyboard.press('Tab');
  await expect(consent(page)).toBeFocused();
  await page.keyboard.press('Space');
  await page.keyboard.press('Enter');
  await expectPromised(page);
  await nextLetter(server, email);
});
