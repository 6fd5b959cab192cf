import { test as base } from './fixtures';
import { DemoServer } from './server';
import { quietPort, Standin } from './standin';

/** `test` with a server that signs people in through a stand-in for ЕСИА of its own. */
export const test = base.extend<{ fresh: void }, { standin: Standin; launch: () => Promise<DemoServer> }>({
  standin: [
    async ({}, use) => {
      // The two must know each other's address before either is there.
      const standin = await Standin.start(`http://127.0.0.1:${await quietPort()}`);
      await use(standin);
      await standin.stop();
    },
    { scope: 'worker', timeout: 400_000 },
  ],

  launch: [
    async ({ mail, standin }, use) => {
      // Where one journey has let Госуслуги be down, the next one does not wait for long.
      const env = { ...standin.environment(), EPOS_ESIA__CIRCUIT_SECONDS: '1' };
      await use(() => DemoServer.start({ mail, env, port: Number(new URL(standin.server).port) }));
    },
    { scope: 'worker' },
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
