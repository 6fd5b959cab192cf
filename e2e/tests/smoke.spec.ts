import { expect, test } from './fixtures';
import { expectNoOverflow } from './person';

test('the root leads to a page with a title and one heading', async ({ page }) => {
  await page.goto('/');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(page).toHaveTitle(/ЭПОС/);
});

test('a page fits its window', async ({ page }) => {
  await page.goto('/');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expectNoOverflow(page);
});

test('the server is alive and ready', async ({ request }) => {
  for (const path of ['/healthz', '/readyz']) {
    const answer = await request.get(path);
    expect(answer.status(), path).toBe(200);
  }
});

test('an unknown path of the API is a problem with the status 404', async ({ request }) => {
  const answer = await request.get('/api/v1/no-such-thing');
  expect(answer.status()).toBe(404);
  expect(answer.headers()['content-type']).toContain('application/problem+json');
  const problem = await answer.json();
  expect(problem.status).toBe(404);
  expect(typeof problem.code).toBe('string');
});

test('a deep link is answered with the client', async ({ request }) => {
  const answer = await request.get('/login', { headers: { accept: 'text/html' } });
  expect(answer.status()).toBe(200);
  expect(answer.headers()['content-type']).toContain('text/html');
  expect(answer.headers()['content-security-policy']).toBeTruthy();
});
