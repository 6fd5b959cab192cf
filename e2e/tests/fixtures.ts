import { test as base, expect, type BrowserContext } from '@playwright/test';
import { MailServer } from './mail-server';
import { DemoServer } from './server';

/** What the browser complained about, and which complaints a journey expects. */
export class BrowserErrors {
  private readonly seen: string[] = [];
  private readonly allowed: RegExp[] = [];

  private readonly origins: string[];

  constructor(origin: string) {
    this.origins = [origin];
  }

  /** Expects the browser to go to this host, too. */
  visits(origin: string): void {
    this.origins.push(origin);
  }

  /**
   * Expects complaints that match, for example `/status of 401/` where the journey types a wrong password:
   * the browser logs every answer of 400 and above as an error.
   */
  allow(pattern: RegExp): void {
    this.allowed.push(pattern);
  }

  /** Collects what goes wrong in every page of a context; contexts made by hand must be given here. */
  watch(context: BrowserContext): void {
    context.on('console', (message) => {
      if (message.type() === 'error') {
        this.seen.push(`console: ${message.text()} (${message.location().url})`);
      }
    });
    context.on('weberror', (event) => this.seen.push(`page: ${event.error().stack ?? event.error().message}`));
    context.on('request', (request) => {
      // The client lives from its own server alone.
      const url = request.url();
      if (/^(https?|wss?):/.test(url) && !this.origins.includes(new URL(url).origin)) {
        this.seen.push(`request to another host: ${url}`);
      }
    });
  }

  /** Complaints that nobody expected. */
  unexpected(): string[] {
    return this.seen.filter((text) => !this.allowed.some((pattern) => pattern.test(text)));
  }
}

interface TestFixtures {
  browserErrors: BrowserErrors;
}

interface WorkerFixtures {
  mail: MailServer;
  server: DemoServer;
}

/** `test` with a server of its own per worker; a browser error that nobody expected fails the journey. */
export const test = base.extend<TestFixtures, WorkerFixtures>({
  mail: [
    async ({}, use) => {
      const mail = await MailServer.start();
      await use(mail);
      await mail.stop();
    },
    { scope: 'worker' },
  ],

  server: [
    async ({ mail }, use) => {
      const server = await DemoServer.start({ env: mail.environment() });
      server.mail = mail;
      await use(server);
      await server.stop();
    },
    { scope: 'worker', timeout: 240_000 },
  ],

  baseURL: async ({ server }, use) => {
    await use(server.url);
  },

  browserErrors: async ({ server }, use) => {
    const errors = new BrowserErrors(server.url);
    await use(errors);
    expect(errors.unexpected(), 'errors in the browser').toEqual([]);
  },

  context: async ({ context, browserErrors }, use) => {
    browserErrors.watch(context);
    await use(context);
  },
});

export { expect };
