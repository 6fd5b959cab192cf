import { test as base } from './fixtures';
import { DemoServer } from './server';
import { quietPort, Standin } from './standin';

/** `test` with a server that signs people in through a stand-in for ЕСИА of its own. */
export const test = base.extend<{ fresh: void }, { standin: Standin; server: DemoServer }>({
  standin: [
    async ({}, use) => {
      // The two must know each other's address before either is there.
      const standin = await Standin.start(`http://127.0.0.1:${await quietPort()}`);
      await use(standin);
      await standin.stop();
    },
    { scope: 'worker', timeout: 400_000 },
  ],

  server: [
    async ({ mail, standin }, use) => {
      // Where one journey has let Госуслуги be down, the next one does not wait for long.
      const env = { ...mail.environment(), ...standin.environment(), EPOS_ESIA__CIRCUIT_SECONDS: '1' };
      const server = await DemoServer.start({ env, port: Number(new URL(standin.server).port) });
      server.mail = mail;
      await use(server);
      await server.stop();
    },
    { scope: 'worker', timeout: 400_000 },
  ],

  browserErrors: async ({ browserErrors, standin }, use) => {
    browserErrors.visits(standin.url);
    await use(browserErrors);
  },

  // What one journey has switched is not the next one's.
  fresh: [
    async ({ standin }, use) => {
      await standin.goOn();
      await standin.reset();
      await use();
    },
    { auto: true },
  ],
});

export { expect } from './fixtures';
