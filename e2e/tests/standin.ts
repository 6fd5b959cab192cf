import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const START_LIMIT_MS = 120_000;
const PEOPLE = resolve(import.meta.dirname, '../../esia-standin/people/demo.json');
const CLIENT = 'EPOS_DEMO';

/** A person at Госуслуги, as esia-standin/README.md has it. */
export interface EsiaPerson {
  oid: number;
  password: string;
  lastName: string;
  firstName: string;
  middleName?: string;
  birthDate: string;
  gender: 'M' | 'F';
  snils?: string;
  trusted?: boolean;
  child?: boolean;
  status?: 'REGISTERED' | 'DELETED';
  contacts: { type: string; vrfStu: 'VERIFIED' | 'NOT_VERIFIED'; value: string }[];
}

/** The stand-in for ЕСИА, with keys and people of its own, for one server. */
export class Standin {
  /** Its address. */
  url = '';
  private child?: ChildProcess;
  private said: string[] = [];

  private constructor(
    private readonly folder: string,
    /** The address of the server that it serves. */
    readonly server: string,
  ) {}

  /** Starts the binary named by EPOS_STANDIN_BIN for the server that will be at this address. */
  static async start(server: string): Promise<Standin> {
    const standin = new Standin(await mkdtemp(join(tmpdir(), 'epos-e2e-esia-')), server);
    try {
      await standin.run(await quietPort());
    } catch (error) {
      await standin.stop();
      throw error;
    }
    return standin;
  }

  /** What makes the server sign people in through it. */
  environment(): Record<string, string> {
    const file = (name: string) => join(this.folder, name);
    return {
      EPOS_ESIA__CLIENT_ID: CLIENT,
      EPOS_ESIA__BASE_URL: this.url,
      EPOS_ESIA__KEY_FILE: file(`client-${CLIENT}-rsa.key.pem`),
      EPOS_ESIA__CERTIFICATE_FILE: file(`client-${CLIENT}-rsa.crt.pem`),
      EPOS_ESIA__TRUSTED: JSON.stringify([file('provider-rsa.crt.pem')]),
    };
  }

  /** Switches for one person: what is refused is refused after the password. */
  switch(person: EsiaPerson, switches: object): Promise<void> {
    return this.ask('PUT', `/standin/switches/people/${person.oid}`, switches);
  }

  /** A person, new or changed. */
  put(person: EsiaPerson): Promise<void> {
    return this.ask('PUT', `/standin/people/${person.oid}`, person);
  }

  /** As at the start, and nobody is signed in there any more. */
  async reset(): Promise<void> {
    await this.ask('DELETE', '/standin/switches');
    await this.ask('DELETE', '/standin/sessions');
  }

  /** A person of the file, by the фамилия there. */
  async person(lastName: string): Promise<EsiaPerson> {
    const people = JSON.parse(await readFile(PEOPLE, 'utf8')) as EsiaPerson[];
    const found = people.find((person) => person.lastName === lastName);
    if (!found) throw new Error(`nobody in ${PEOPLE} is called ${lastName}`);
    return found;
  }

  /** As if Госуслуги were down, until `goOn`. */
  async pause(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  /** At the same address, with the same keys. */
  async goOn(): Promise<void> {
    if (!this.child) await this.run(Number(new URL(this.url).port));
  }

  /** Ends it. */
  async stop(): Promise<void> {
    await this.pause();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async run(port: number): Promise<void> {
    const binary = process.env.EPOS_STANDIN_BIN;
    if (!binary) throw new Error('EPOS_STANDIN_BIN must name the stand-in for ЕСИА');
    const args = ['--until-stdin-ends', '--listen', `127.0.0.1:${port}`, '--data', this.folder];
    args.push('--no-cast', '--people', PEOPLE);
    args.push('--redirect-uri', `${this.server}/esia/callback`, '--logout-url', `${this.server}/`);
    const child = spawn(binary, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.child = child;
    this.said = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => this.said.push(text));
    }
    let failed: unknown;
    child.once('error', (error) => (failed = error));
    const deadline = Date.now() + START_LIMIT_MS;
    while (Date.now() < deadline) {
      if (failed) throw failed;
      if (child.exitCode !== null) throw new Error(`the stand-in ended with ${child.exitCode}:\n${this.said.join('')}`);
      const url = /Учебный стенд ЕСИА: (http:\/\/\S+)/.exec(this.said.join(''))?.[1];
      if (url) {
        this.url = url;
        return;
      }
      await sleep(50);
    }
    throw new Error(`the stand-in was not ready after ${START_LIMIT_MS} ms:\n${this.said.join('')}`);
  }

  private async ask(method: string, path: string, body?: object): Promise<void> {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: body ? { 'content-type': 'application/json' } : {},
      body: body ? JSON.stringify(body) : undefined,
    });
    if (!answer.ok) throw new Error(`${method} ${path} answers ${answer.status}: ${await answer.text()}`);
  }
}

/**
 * A port that is free now and stays so: it is below those that the system takes for connections, and no other
 * worker is likely to draw the same.
 */
export async function quietPort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const probe = createServer();
    const free = new Promise<boolean>((settle) => {
      probe.once('error', () => settle(false)).once('listening', () => settle(true));
    });
    probe.listen(port, '127.0.0.1');
    if (!(await free)) continue;
    const { port: bound } = probe.address() as AddressInfo;
    probe.close();
    await once(probe, 'close');
    return bound;
  }
}
