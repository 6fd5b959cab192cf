import type { Locator, Page } from '@playwright/test';
import { expect, test } from './fixtures';
import { expectSettled, field, openCard, openKontingent, PASSWORD } from './person';

// Whole journeys without a mouse; a telephone has no such keys.
test.describe('by keyboard alone', { tag: '@desktop' }, () => {
  /** Goes on by Tab (or back by Shift+Tab) until the focus is there, and sees it at every step. */
  async function tabTo(page: Page, target: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
    // Before it is there, Tab leads nowhere.
    await expect(target).toBeAttached();
    for (let steps = 0; steps < 80; steps += 1) {
      await page.keyboard.press(key);
      if (await target.evaluate((element) => element === document.activeElement).catch(() => false)) {
        return expectSeenFocus(page);
      }
    }
    throw new Error(`${target} cannot be reached by ${key}`);
  }

  /** The focused element has a frame of at least 2 px, in the window, in a colour that is not the ground's. */
  async function expectSeenFocus(page: Page): Promise<void> {
    const focus = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body) return undefined;
      const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(element);
      const { top, bottom, left, right } = element.getBoundingClientRect();
      return {
        element: element.outerHTML.slice(0, 120),
        framed: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2,
        coloured: outlineColor !== getComputedStyle(document.body).backgroundColor,
        inWindow: bottom > 0 && top < innerHeight && right > 0 && left < innerWidth,
      };
    });
    if (focus) expect(focus).toEqual({ element: focus.element, framed: true, coloured: true, inWindow: true });
  }

  const heading = (page: Page) => page.getByRole('heading', { level: 1 });

  test('from the sign-in to a card that is changed and saved', async ({ page }) => {
    await page.goto('/login');
    await tabTo(page, page.getByRole('link', { name: 'Вход для сотрудников' }));
    await page.keyboard.press('Enter');
    await expect(heading(page)).toHaveText('Вход в ЭПОС');
    await expect(heading(page)).toBeFocused();
    await tabTo(page, field(page, 'ИМЯ ПОЛЬЗОВАТЕЛЯ / E-MAIL'));
    await page.keyboard.type('director_school');
    await page.keyboard.press('Tab');
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press('Enter');
    await expect(heading(page)).toHaveText('Подсистемы');
    await expect(heading(page)).toBeFocused();

    await tabTo(page, page.getByRole('main').getByRole('link', { name: /Контингент/ }));
    await page.keyboard.press('Enter');
    await expect(heading(page)).toHaveText('Сотрудники');
    await expect(heading(page)).toBeFocused();

    await page.keyboard.press('/');
    await expect(page.getByRole('searchbox')).toBeFocused();
    await page.keyboard.type('верещагина');
    await expect(page).toHaveURL(/query=/);
    await expectSettled(page);
    const found = page.getByRole('rowheader').getByRole('link', { name: /Верещагина/ });
    await expect(page.getByRole('rowheader').filter({ hasNotText: /Верещагина/ })).toHaveCount(0);
    await expect(page.getByRole('searchbox')).toBeFocused();
    await tabTo(page, found.first());
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(/employees\/[0-9a-f-]{36}$/);
    await expect(heading(page)).toHaveText('Сотрудник организации');
    await expect(heading(page)).toBeFocused();

    const note = `Кабинет ${Date.now()}`;
    await tabTo(page, field(page, 'Примечание'));
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type(note);
    await tabTo(page, page.getByRole('button', { name: 'Сохранить', exact: true }), 'Shift+Tab');
    await page.keyboard.press('Space');
    await expect(page.getByRole('status').filter({ hasText: 'Карточка сохранена' })).toBeVisible();
    await tabTo(page, page.getByRole('button', { name: 'Закрыть', exact: true }));
    await page.keyboard.press('Enter');
    await expect(heading(page)).toHaveText('Сотрудники');
    await expect(page.getByRole('searchbox')).toHaveValue('верещагина');
  });

  test('a card is created, every field of it', async ({ page, context }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await openKontingent(page, 'support');
    await tabTo(page, page.getByRole('link', { name: 'Добавить сотрудника' }));
    await page.keyboard.press('Enter');
    await expect(heading(page)).toHaveText('Сотрудник организации');

    const box = page.getByRole('combobox', { name: 'Организация' });
    const options = page.getByRole('listbox', { name: 'Организация' }).getByRole('option');
    const active = async () => page.locator(`#${await box.getAttribute('aria-activedescendant')}`).innerText();
    await tabTo(page, box);
    await page.keyboard.type('сош');
    await expect(options.nth(2)).toBeVisible();
    // The list of before the search is gone.
    await expect(options.filter({ hasNotText: /сош/i })).toHaveCount(0);
    await page.keyboard.press('ArrowDown');
    const first = await active();
    await page.keyboard.press('ArrowDown');
    const second = await active();
    expect(second).not.toBe(first);
    await page.keyboard.press('ArrowUp');
    expect(await active()).toBe(first);
    await page.keyboard.press('Escape');
    await expect(options.first()).toBeHidden();
    await expect(box).toHaveValue('сош');
    await page.keyboard.press('ArrowDown');
    await expect(options.nth(2)).toBeVisible();
    while (!(await box.getAttribute('aria-activedescendant'))) await page.keyboard.press('ArrowDown');
    const chosen = (await active()).split('\n')[0] ?? '';
    await page.keyboard.press('Enter');
    await expect(box).toHaveValue(chosen);
    await expect(page).toHaveURL(/\/new$/);

    const role = page.getByRole('combobox', { name: 'Роль' });
    await tabTo(page, role);
    for (let steps = 0; steps < 30 && (await role.inputValue()) !== 'teacher'; steps += 1) {
      await page.keyboard.press('ArrowDown');
    }
    await expect(role).toHaveValue('teacher');
    await tabTo(page, field(page, 'Начальная дата'));
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('1.9.2026');
    await page.keyboard.press('Tab');
    await expect(field(page, 'Конечная дата')).toBeFocused();
    await page.keyboard.type('31.05.2027');
    await tabTo(page, field(page, 'Фамилия'));
    await page.keyboard.type('Клавиатурова');
    await page.keyboard.press('Tab');
    await page.keyboard.type('Анна');
    await page.keyboard.press('Tab');
    await expect(field(page, 'Отчество')).toBeFocused();
    await page.keyboard.press('Tab');
    await expect(page.getByRole('checkbox', { name: 'Без отч.' })).toBeFocused();
    await expectSeenFocus(page);
    await page.keyboard.press('Space');
    await expect(page.getByRole('checkbox', { name: 'Без отч.' })).toBeChecked();
    await tabTo(page, field(page, 'Примечание'));
    await page.keyboard.type('Вторая смена');
    await tabTo(page, field(page, 'E-mail'), 'Shift+Tab');

    // The e-mail is missing: the focus comes back to it, with the words of the mistake.
    await page.keyboard.press('Enter');
    await expect(field(page, 'E-mail')).toHaveAccessibleDescription(/Укажите e-mail/);
    await expect(field(page, 'E-mail')).toBeFocused();
    await page.keyboard.type('klaviaturova@school.example');
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(/employees\/[0-9a-f-]{36}$/);
    await expect(page.getByRole('heading', { name: /Логин и пароль для первого входа/ })).toBeFocused();
    await tabTo(page, page.getByRole('button', { name: 'Скопировать' }));
    await page.keyboard.press('Enter');
    await expect(page.getByRole('status').filter({ hasText: 'Скопировано' })).toBeVisible();
    await tabTo(page, page.getByRole('link', { name: 'Добавить ещё сотрудника' }));
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(/\/new$/);
    await expect(field(page, 'Фамилия')).toHaveValue('');
    await expect(heading(page)).toBeFocused();
  });

  test('the focus goes to the first wrong field', async ({ page }) => {
    await openKontingent(page, 'support');
    await page.goto('/kontingent/employees/new');
    await tabTo(page, page.getByRole('button', { name: 'Сохранить', exact: true }));
    await page.keyboard.press('Enter');
    await expect(page.getByRole('combobox', { name: 'Организация' })).toBeFocused();
    await expect(page.getByRole('combobox', { name: 'Организация' })).toHaveAttribute('aria-invalid', 'true');
  });

  test('a dialog holds the focus, closes by Esc and gives it back', async ({ page }) => {
    await openKontingent(page, 'director_school');
    await openCard(page, 'верещагина', /Верещагина/);
    await tabTo(page, field(page, 'Примечание'));
    await page.keyboard.type('!');
    const close = page.getByRole('button', { name: 'Закрыть', exact: true });
    await tabTo(page, close, 'Shift+Tab');
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Есть несохранённые изменения' });
    await expect(dialog).toBeVisible();
    await expect(dialog.getByRole('button', { name: 'Остаться' })).toBeFocused();
    for (const key of ['Tab', 'Tab', 'Tab', 'Tab', 'Shift+Tab', 'Shift+Tab', 'Shift+Tab']) {
      await page.keyboard.press(key);
      // Between the last and the first stands the browser itself.
      const outside = await page.evaluate(
        () => document.activeElement !== document.body && !document.activeElement?.closest('dialog'),
      );
      expect(outside, `${key} leaves the dialog`).toBe(false);
      await expectSeenFocus(page);
    }
    await page.keyboard.press('Escape');
    await expect(dialog).toBeHidden();
    await expect(close).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(dialog).toBeVisible();
    await tabTo(page, dialog.getByRole('button', { name: 'Уйти без сохранения' }));
    await page.keyboard.press('Enter');
    await expect(heading(page)).toHaveText('Сотрудники');
  });

  test('the first Tab leads past the header', async ({ page }) => {
    await page.goto('/login');
    await expect(heading(page)).toBeVisible();
    const skip = page.getByRole('link', { name: 'Перейти к содержанию' });
    await page.keyboard.press('Tab');
    await expect(skip).toBeFocused();
    await expect(skip).toBeInViewport({ ratio: 1 });
    await page.keyboard.press('Enter');
    await expect(page.getByRole('main')).toBeFocused();
    await page.keyboard.press('Tab');
    await expect(page.getByRole('link', { name: 'Вход для сотрудников' })).toBeFocused();
    await expect(page).toHaveURL(/\/login$/);
  });

  test('«Версия для слабовидящих» is set by arrows', async ({ page }) => {
    await page.goto('/login');
    await tabTo(page, page.getByRole('button', { name: 'Версия для слабовидящих' }));
    await page.keyboard.press('Enter');
    await expect(page.getByRole('button', { name: 'Настройки вида' })).toBeFocused();
    await tabTo(page, page.getByRole('radio', { name: '150 %' }));
    await page.keyboard.press('ArrowRight');
    await expect(page.locator('html')).toHaveAttribute('data-text', '200');
    await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowDown');
    await expect(page.locator('html')).toHaveAttribute('data-colours', 'white');
    await expectSeenFocus(page);
    await tabTo(page, page.getByRole('button', { name: 'Обычная версия' }), 'Shift+Tab');
    await page.keyboard.press('Enter');
    await expect(page.locator('html')).not.toHaveAttribute('data-text', /./);
    await expect(page.getByRole('button', { name: 'Версия для слабовидящих' })).toBeFocused();
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`wherever Tab leads, the focus is seen: ${colorScheme}`, async ({ page }) => {
      await page.emulateMedia({ colorScheme });
      await openKontingent(page, 'support');
      for (const path of ['/login/esia', '/subsystems', '/kontingent/employees', '/kontingent/employees/new']) {
        await page.goto(path);
        await expect(heading(page)).toBeVisible();
        await page.waitForLoadState('networkidle');
        for (let steps = 0; steps < 24; steps += 1) {
          await page.keyboard.press('Tab');
          await expectSeenFocus(page);
        }
      }
    });
  }
});
