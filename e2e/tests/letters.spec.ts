import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from './fixtures';

const run = promisify(execFile);

test('a letter goes through the mail server and is read there @desktop', async ({ mail }) => {
  const { stdout } = await run(process.env.EPOS_BIN!, ['mail', 'test', 'anna@epos.example'], {
    env: {
      ...process.env,
      ...mail.environment(),
      EPOS_SERVER__PUBLIC_URL: 'https://epos.example',
      EPOS_SERVER__TRUSTED_PROXIES: '[]',
      EPOS_SECRETS__MASTER_KEY: '07'.repeat(32),
    },
  });
  expect(stdout).toContain('Accepted');
  const letter = await mail.letterTo('anna@epos.example');
  expect(letter.subject).toBe('Проверочное письмо ЭПОС');
  expect(letter.links).toEqual(['https://epos.example']);
});

test('the demo shows its letters, and none before any was written @desktop', async ({ request }) => {
  const answer = await request.get('/api/v1/demo/letters');
  expect(answer.status()).toBe(200);
  expect(((await answer.json()) as { items: unknown[] }).items).toBeInstanceOf(Array);
});
