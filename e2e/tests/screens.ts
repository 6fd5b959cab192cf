import type { Page } from '@playwright/test';

/** A screen in one of its states. */
export interface Screen {
  name: string;
  /** Who looks at it. */
  as?: string;
  path: string;
  /** Complaints of the browser that belong to it. */
  complaints?: RegExp;
  /** Before the page is opened. */
  before?: (page: Page) => Promise<unknown>;
  /** What leads to the state. */
  act?: (page: Page) => Promise<unknown>;
}

/** Presses the button of that name. */
export const press = (name: string | RegExp) => (page: Page) => page.getByRole('button', { name, exact: true }).click();
export const never = (path: RegExp) => (page: Page) => page.route(path, () => new Promise(() => undefined));
export const broken = (path: RegExp) => (page: Page) =>
  page.route(path, (route) => route.fulfill({ status: 502, contentType: 'text/plain', body: '' }));

export const answer = (path: RegExp, status: number, body: object) => (page: Page) =>
  page.route(path, (route) =>
    route.fulfill({ status, contentType: status < 400 ? 'application/json' : 'application/problem+json', json: body }),
  );
export const problem = (path: RegExp, status: number, code: string, title: string) =>
  answer(path, status, { type: `/problems/${code}`, title, status, code });
