import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const ARRIVAL_LIMIT_MS = 60_000;
const PROGRAM = resolve(import.meta.dirname, '../../backend/tests/smtp/server.py');

/** A letter as the mail server read it. */
export interface Letter {
  to: string[];
  subject: string;
  text: string;
  html: string;
  links: string[];
}

/** A real mail server (aiosmtpd) that keeps what it is sent. */
export class MailServer {
  private constructor(
    readonly port: number,
    private readonly folder: string,
    private readonly child: ChildProcess,
  ) {}

  /** Starts it with the Python named by EPOS_TEST_SMTP_PYTHON. */
  static async start(): Promise<MailServer> {
    const python = process.env.EPOS_TEST_SMTP_PYTHON;
    if (!python) throw new Error('EPOS_TEST_SMTP_PYTHON must name the Python that has aiosmtpd');
    const folder = await mkdtemp(join(tmpdir(), 'epos-e2e-mail-'));
    // It ends when its standard input is closed, also if this process dies.
    const child = spawn(python, [PROGRAM, '--letters', join(folder, 'letters.jsonl')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const failed = once(child, 'error').then(([error]) => Promise.reject(error));
    const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the mail server ended: ${code}`)));
    // Once it listens, how it ends is its own affair.
    ended.catch(() => undefined);
    failed.catch(() => undefined);
    const line = once(createInterface({ input: child.stdout! }), 'line');
    const [said] = (await Promise.race([line, failed, ended])) as [string];
    const port = Number(/^PORT (\d+)$/.exec(said)?.[1]);
    if (!port) throw new Error(`the mail server said: ${said}`);
    return new MailServer(port, folder, child);
  }

  /** What makes the server under test send its letters here. */
  environment(): Record<string, string> {
    return {
      EPOS_MAIL__SMTP_HOST: '127.0.0.1',
      EPOS_MAIL__SMTP_PORT: String(this.port),
      EPOS_MAIL__SMTP_TLS: 'none',
      EPOS_MAIL__FROM: 'ЭПОС <noreply@epos.example>',
      EPOS_MAIL__POLL_INTERVAL_MS: '100',
    };
  }

  /** All letters to an address, the oldest first. */
  async lettersTo(address: string): Promise<Letter[]> {
    const text = await readFile(join(this.folder, 'letters.jsonl'), 'utf8').catch(() => '');
    // The last line may still be being written.
    const lines = text.split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Letter).filter((letter) => letter.to.includes(address));
  }

  /** The newest letter to an address, once there are as many as expected. */
  async letterTo(address: string, count = 1): Promise<Letter> {
    const deadline = Date.now() + ARRIVAL_LIMIT_MS;
    for (;;) {
      const letters = await this.lettersTo(address);
      const newest = letters.at(-1);
      if (newest && letters.length >= count) return newest;
      if (Date.now() > deadline) throw new Error(`${letters.length} of ${count} letters to ${address} arrived`);
      await sleep(50);
    }
  }

  /** Ends it. */
  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const exited = once(this.child, 'exit');
      this.child.kill('SIGKILL');
      await exited;
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}
