import { expect, test } from './fixtures';
import {
  bind,
  expectAlert,
  expectFieldError,
  expectNoOverflow,
  field,
  openCard,
  openKontingent,
  printedCredentials,
  save,
  shownCredentials,
  signIn,
  signOut,
  typePerson,
} from './person';

// The main job, in the order of a first day: the steps build on each other, so they are one journey.
test('a director binds his card, creates a card, and its owner binds it', async ({ page, server, browserErrors }) => {
  browserErrors.allow(/status of (409|422)/);
  const own = printedCredentials(server);
  let issued = { login: '', password: '' };

  await test.step('before the binding, «Контингент» is offered with a word on what to do', async () => {
    await signIn(page, 'new_director');
    await expect(page.getByText(/привяза|привязк/i).first()).toBeVisible();
    await page.getByRole('link', { name: /Контингент/ }).first().click();
    await expect(page.getByText('Вход в систему').first()).toBeVisible();
    await expectNoOverflow(page);
  });

  await test.step('a wrong one-time password is refused in words, and what was typed stays', async () => {
    await bind(page, own.login, 'wrong-passwd');
    await expectAlert(page, /Логин или пароль карточки не подош/);
    await expect(field(page, 'Логин')).toHaveValue(own.login);
  });

  await test.step('the right one binds, and the staff list opens', async () => {
    await bind(page, own.login, own.password);
    await expect(page).toHaveURL(/\/kontingent\/employees$/);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await expectNoOverflow(page);
  });

  await test.step('afterwards the entry is direct', async () => {
    await page.goto('/subsystems');
    await page.getByRole('link', { name: /Контингент/ }).first().click();
    await expect(page).toHaveURL(/\/kontingent\/employees$/);
  });

  await test.step('an empty card names every field that is missing', async () => {
    await page.getByRole('link', { name: 'Добавить сотрудника' }).click();
    await expect(page).toHaveURL(/\/employees\/new$/);
    for (const name of ['Сохранить', 'Сохранить и закрыть', 'Закрыть', 'Добавить роль']) {
      await expect(page.getByRole('button', { name, exact: true })).toBeVisible();
    }
    await field(page, 'Начальная дата').fill('');
    await save(page).click();
    await expectFieldError(page, 'Роль', /Выберите роль/);
    await expectFieldError(page, 'Начальная дата', /Укажите дату/);
    await expectFieldError(page, 'Фамилия', /Заполните/);
    await expectFieldError(page, 'Имя', /Заполните/);
    await expectFieldError(page, 'Отчество', /Укажите отчество или отметьте «Без отч.»/);
    await expectFieldError(page, 'E-mail', /Укажите e-mail/);
    await expect(page.locator('[aria-invalid=true]').first()).toBeFocused();
    await expectNoOverflow(page);
  });

  await test.step('mistakes are told where they are, and typing is kept', async () => {
    await page.getByLabel('Роль').first().selectOption({ label: 'Учитель' });
    await field(page, 'Начальная дата').fill('31.02.2026');
    await field(page, 'Конечная дата').fill('01.01.2026');
    // A Latin «C» that looks like the Russian one.
    await typePerson(page, { family: 'Cидоров', given: 'Пав3л', patronymic: '', email: 'istomin@' });
    await save(page).click();
    await expectFieldError(page, 'Начальная дата', /Такой даты нет/);
    await expectFieldError(page, 'Фамилия', /смешаны русские и латинские/);
    await expectFieldError(page, 'Имя', /не бывает цифр/);
    await expectFieldError(page, 'E-mail', /не похоже на e-mail/);
    await field(page, 'Начальная дата').fill('01.09.2026');
    await field(page, 'Имя').fill('Павел');
    await save(page).click();
    await expectFieldError(page, 'Конечная дата', /раньше начальной/);
    await expect(field(page, 'Фамилия')).toHaveValue('Cидоров');
  });

  await test.step('the corrected card is saved, and shows login and password once', async () => {
    await field(page, 'Конечная дата').fill('');
    // The very ФИО of an account that has no card yet, but for case and ё.
    await typePerson(page, { family: 'Истомин', given: 'ПАВЕЛ', patronymic: 'Андреевич', email: 'istomin@school.example' });
    await save(page).click();
    await expect(page).toHaveURL(/employees\/[0-9a-f-]{36}$/);
    issued = await shownCredentials(page);
    expect(issued.login).toBe('paistomin_1');
    await expect(page.getByText(/больше .*не будут/)).toBeVisible();
    await expect(page.getByRole('button', { name: 'Скопировать' })).toBeVisible();
    await expect(page.getByRole('button', { name: 'Распечатать' })).toBeVisible();
    await expectNoOverflow(page);
  });

  await test.step('after a reload the password is gone and the card is there', async () => {
    page.once('dialog', (dialog) => void dialog.accept());
    await page.reload();
    await expect(field(page, 'Фамилия')).toHaveValue('Истомин');
    await expect(page.getByText(issued.login).first()).toBeVisible();
    await expect(page.getByText(issued.password)).toHaveCount(0);
    await expect(page.getByTestId('secret-password')).toHaveCount(0);
  });

  await test.step('the owner of the card binds it to his account with what he was given', async () => {
    await signOut(page);
    await signIn(page, 'newcomer');
    await page.getByRole('link', { name: /Контингент/ }).first().click();
    await bind(page, issued.login, issued.password);
    // A teacher has no rights in «Контингент»: the card is bound, and that is said in words.
    await expect(page.getByText(/привязана/i).first()).toBeVisible();
    await expect(page.getByRole('banner')).toContainText('Учитель');
  });

  await test.step('the same credentials open nothing a second time', async () => {
    await signOut(page);
    await signIn(page, 'social_pedagogue');
    await page.goto('/kontingent/bind');
    await bind(page, issued.login, issued.password);
    await expectAlert(page, /./);
    await expect(page).toHaveURL(/\/kontingent\/bind$/);
  });
});

test('«Сбросить пароль» acts at the press, and the new password vanishes when the card is left', async ({ page }) => {
  await openKontingent(page, 'director_school');
  await openCard(page, 'вотинова', /Вотинова/);
  await page.getByRole('button', { name: 'Сбросить пароль' }).click();
  const first = await shownCredentials(page);
  await page.getByRole('button', { name: 'Закрыть', exact: true }).click();
  // It was neither copied nor printed: leaving asks.
  await expect(page.getByRole('dialog')).toBeVisible();
  await page.getByRole('dialog').getByRole('button', { name: /Уйти|Закрыть|Покинуть/ }).click();
  await expect(page).toHaveURL(/\/kontingent\/employees/);
  await page.goBack();
  await expect(field(page, 'Фамилия')).toHaveValue('Вотинова');
  await expect(page.getByText(first.password)).toHaveCount(0);
});

test('a second role brings new credentials and stands on the card with its days', async ({ page }) => {
  await openKontingent(page, 'director_college');
  await openCard(page, 'хабибуллин ринат', /Хабибуллин Ринат/);
  await page.getByRole('button', { name: 'Добавить роль', exact: true }).click();
  const role = page.getByRole('combobox', { name: 'Роль' }).last();
  await role.selectOption({ label: 'Социальный педагог' });
  await field(page, 'Начальная дата').last().fill('1.9.2026');
  await field(page, 'Конечная дата').last().fill('31.05.2027');
  await save(page).click();
  await shownCredentials(page);
  page.once('dialog', (dialog) => void dialog.accept());
  await page.reload();
  await expect(page.getByText('Социальный педагог').first()).toBeVisible();
  const ends = () =>
    field(page, 'Конечная дата').evaluateAll((inputs) => inputs.map((input) => (input as HTMLInputElement).value));
  await expect.poll(ends).toContain('31.05.2027');
});
