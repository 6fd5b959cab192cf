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
  server: DemoServer;
}

interface WorkerFixtures {
  mail: MailServer;
  launch: () => Promise<DemoServer>;
  servers: Servers;
}

/** One server at a time: that of the file whose journeys are walked. What one file has changed is not the next one's. */
class Servers {
  private current?: { file: string; server: DemoServer };

  constructor(private readonly launch: () => Promise<DemoServer>) {}

  async of(file: string): Promise<DemoServer> {
    if (this.current?.file !== file) {
      await this.stop();
      this.current = { file, server: await this.launch() };
    }
    return this.current.server;
  }

  async stop(): Promise<void> {
    const last = this.current?.server;
    this.current = undefined;
    await last?.stop();
  }
}

/** `test` with a server of its own per file; a browser error that nobody expected fails the journey. */
export const test = base.extend<TestFixtures, WorkerFixtures>({
  mail: [
    async ({}, use) => {
      const mail = await MailServer.start();
      await use(mail);
      await mail.stop();
    },
    { scope: 'worker' },
  ],

  // How this file's server is started: files that need another one say so here.
  launch: [
    async ({ mail }, use) => {
      await use(() => DemoServer.start({ mail }));
    },
    { scope: 'worker' },
  ],

  servers: [
    async ({ launch }, use) => {
      const servers = new Servers(launch);
      await use(servers);
      await servers.stop();
    },
    { scope: 'worker', timeout: 240_000 },
  ],

  server: [
    async ({ servers }, use, { file }) => {
      await use(await servers.of(file));
    },
    { timeout: 400_000 },
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
