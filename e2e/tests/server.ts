import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MailServer } from './mail-server';

const START_LIMIT_MS = 120_000;
const STOP_LIMIT_MS = 60_000;

/** The real binary in demo mode, with a data folder of its own. */
export class DemoServer {
  /** Its address, as it has told it. */
  url = '';

  private constructor(
    readonly dataFolder: string,
    private readonly child: ChildProcess,
    private readonly said: string[],
    /** Where its letters go, if it was told to send them. */
    readonly mail?: MailServer,
  ) {}

  /**
   * Starts the binary named by EPOS_BIN and waits until it says that it is ready; with the data of an earlier
   * server that has ended, with somewhere to send letters, and with more configuration where a journey needs it. It takes a free port by itself,
   * unless somebody has to know its address before.
   */
  static async start(
    more: { dataFolder?: string; port?: number; env?: Record<string, string>; mail?: MailServer } = {},
  ): Promise<DemoServer> {
    const binary = process.env.EPOS_BIN;
    if (!binary) throw new Error('EPOS_BIN must name the binary under test');
    const dataFolder = more.dataFolder ?? (await mkdtemp(join(tmpdir(), 'epos-e2e-')));
    const child = spawn(binary, ['demo', '--data', dataFolder, '--listen', `127.0.0.1:${more.port ?? 0}`], {
      cwd: dataFolder,
      // All journeys come from one address.
      env: { ...process.env, EPOS_REGISTRATION__ADDRESS_HOURLY: '1000', EPOS_ACCOUNT_APPLICATIONS__ADDRESS_HOURLY: '1000', ...more.mail?.environment(), ...more.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    // If this process is ended without its teardown, the server must not outlive it.
    process.once('exit', () => child.kill('SIGKILL'));
    const said: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => said.push(text));
    }
    const failed = once(child, 'error').then(([error]) => Promise.reject(error));
    const server = new DemoServer(dataFolder, child, said, more.mail);
    try {
      await Promise.race([server.ready(), failed]);
    } catch (error) {
      child.kill('SIGKILL');
      await rm(dataFolder, { recursive: true, force: true });
      throw error;
    }
    return server;
  }

  /** Everything the server wrote to its standard streams so far. */
  output(): string {
    return this.said.join('');
  }

  /** Asks the server to end as an operator would, and expects that it does so in order. */
  async stop({ keepData = false } = {}): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const exited = once(this.child, 'exit');
      this.child.kill('SIGTERM');
      const late = Symbol('late');
      if ((await Promise.race([exited, sleep(STOP_LIMIT_MS, late, { ref: false })])) === late) {
        this.child.kill('SIGKILL');
        await exited;
      }
    }
    if (!keepData) await rm(this.dataFolder, { recursive: true, force: true });
    if (this.child.exitCode !== 0) {
      throw new Error(
        `epos ended with code ${this.child.exitCode}, signal ${this.child.signalCode}:\n${this.output()}`,
      );
    }
  }

  private async ready(): Promise<void> {
    const deadline = Date.now() + START_LIMIT_MS;
    while (Date.now() < deadline) {
      if (this.child.exitCode !== null) {
        throw new Error(`epos ended with code ${this.child.exitCode} before it was ready:\n${this.output()}`);
      }
      this.url = /ЭПОС: (http:\/\/\S+)/.exec(this.output())?.[1] ?? '';
      const answer = this.url ? await fetch(`${this.url}/readyz`).catch(() => undefined) : undefined;
      if (answer?.ok) return;
      await sleep(50);
    }
    throw new Error(`epos was not ready after ${START_LIMIT_MS} ms:\n${this.output()}`);
  }
}

