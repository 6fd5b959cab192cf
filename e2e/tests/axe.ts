import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import { expectNoOverflow } from './person';

// Every rule of axe-core for WCAG 2.2 A and AA and its best practices. None is switched off.
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Nothing that axe-core finds, with the elements where it finds it. */
export async function expectAccessible(page: Page, where: string): Promise<void> {
  // In the page itself: there are no frames to look into.
  const { violations } = await new AxeBuilder({ page }).withTags(RULES).setLegacyMode(true).analyze();
  const found = violations.map(({ id, help, nodes }) => ({
    id,
    help,
    nodes: nodes.map(({ target, failureSummary }) => `${target.join(' ')}: ${failureSummary}`),
  }));
  expect(found, where).toEqual([]);
}

/** Sets «Версия для слабовидящих» as its panel does. */
export async function lowVision(page: Page, settings: Record<string, string>): Promise<void> {
  await page.evaluate((settings) => {
    for (const [name, value] of Object.entries(settings)) {
      document.documentElement.setAttribute(`data-${name}`, value);
    }
  }, settings);
}

/** The same by day, by night and in the version for low vision; and nothing sticks out of the window. */
export async function expectAccessibleInEveryColour(page: Page, where: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await expectAccessible(page, `${where}, ${colorScheme}`);
    await expectNoOverflow(page);
  }
  await lowVision(page, { text: '200', colours: 'blue', spacing: 'wide', pictures: 'off' });
  await expectAccessible(page, `${where}, version for low vision`);
  await expectNoOverflow(page);
}
