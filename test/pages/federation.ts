/**
 * A federation as a new user meets it: `commonweight serve` prints its commands and links, which
 * processes and tabs of Chromium follow. On all of Fashion-MNIST; a round is few steps of work.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { expect } from 'vitest';
import { stringify } from 'yaml';
import type { RunResult } from '../../src/federation/record/run-result.js';
import type { ConfigurationInput } from '../../src/protocol/configuration/configuration.js';
import { handedOut } from '../handed-out.js';
import { type Ended, type Started, sample, start } from '../run-command.js';

export interface Served {
  readonly port: number;
  readonly coordinator: Started;
  /** By the place of the participant, from 0: the path of its link, with the token. */
  link(participant: number): string;
  /**
   * A process takes part until it ends well.
   * @param data its own; by default the share that the hub would lend to a page
   */
  join(participant: number, data?: string): Promise<void>;
  /**
   * The page says that the run is over. Rejects at once when the coordinator or another process
   * ends badly before.
   */
  untilOver(page: Page): Promise<void>;
  /** All the same on one machine, which has the bytes of a federation of processes alone. */
  runAlone(): Promise<RunResult>;
  /** So much lies on the hub's disk of what is being uploaded. */
  partBytes(participant: number): number;
  /** Its operator ends the run. */
  stop(): Promise<Ended>;
  model(format?: 'safetensors' | 'onnx'): Buffer;
  result(): RunResult;
  /** Ends whatever is still there. */
  close(): Promise<void>;
}

export async function serve(settings: Partial<ConfigurationInput>, participants = 2): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), 'commonweight-pages-'));
  const file = join(folder, 'federation.yaml');
  writeFileSync(file, stringify({ ...small, partition: { name: 'iid', participants }, ...settings }));
  const running = new Set<Started>();
  let fail = (_: Error) => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => undefined);
  const command = (...args: string[]) => {
    const started = start(args, { cwd: folder });
    running.add(started);
    void started.ended.then(({ status, stdout, stderr }) => {
      if (status !== 0) fail(new Error(`${args[0]} ended with ${status}:\n${stdout}${stderr}`));
    });
    return started;
  };
  const coordinator = command('serve', file, '--out', join(folder, 'run'), '--port', '0');
  const printed = await coordinator.until(/to watch: /);
  const [, port] = /listens on \S+:(\d+)/.exec(printed) ?? [];
  const { tokens, links } = handedOut(join(folder, 'run'));
  const commands = [...printed.matchAll(/commonweight (join .*)/g)].map(([, args]) => `${args}`.split(' '));
  const resultOf = (run: string): RunResult =>
    JSON.parse(readFileSync(join(folder, run, 'result.json'), 'utf8'));
  return {
    port: Number(port),
    coordinator,
    link: (participant) => (links[participant] ?? '').replace(/^http:\/\/[^/]+/, ''),
    async join(participant, data) {
      const printed = commands[participant] ?? [];
      const { ended } = command(...(data === undefined ? printed : [...printed.slice(0, -1), data]));
      expect(await ended).toMatchObject({ status: 0, stderr: '' });
    },
    async untilOver(page) {
      await Promise.race([page.getByRole('heading', { name: 'The run is over' }).waitFor(), failed]);
    },
    partBytes(participant) {
      const name = createHash('sha256')
        .update(`environment-${participant + 1}`)
        .digest('hex');
      const uploads = join(folder, 'run', 'uploads', name.slice(0, 32));
      const files = existsSync(uploads) ? readdirSync(uploads) : [];
      return Math.max(0, ...files.map((part) => statSync(join(uploads, part)).size));
    },
    stop: () => command('stop', `http://127.0.0.1:${port}`, '--token', tokens.get('operator') ?? '').ended,
    model: (format = 'safetensors') => readFileSync(join(folder, 'run', `model.${format}`)),
    result: () => resultOf('run'),
    async runAlone() {
      const { status, stderr } = await command('run', file, '--out', join(folder, 'alone')).ended;
      if (status !== 0) throw new Error(stderr);
      return resultOf('alone');
    },
    async close() {
      for (const { child } of running) child.kill('SIGKILL');
      await Promise.all([...running].map(({ ended }) => ended));
      rmSync(folder, { recursive: true });
    },
  };
}

const small: Omit<ConfigurationInput, 'partition'> = {
  seed: 11,
  model: { name: 'lenet5' },
  optimizer: { name: 'adam', learningRate: 0.001 },
  local: { steps: 60 },
  rounds: 2,
};

/** Two clicks, behind the one on the link. */
export async function takePart(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Use the demonstration share' }).click();
  await page.getByRole('button', { name: 'Start', exact: true }).click();
}

const idxFiles = ['images-idx3', 'labels-idx1'].map((name) => join(sample, `train-${name}-ubyte.gz`));

/** The images of the sample, as files of the participant's own. */
export async function chooseIdx(page: Page): Promise<void> {
  await page.getByLabel('Choose IDX files').setInputFiles(idxFiles);
  await page.getByRole('button', { name: 'Start', exact: true }).click();
}

/** Some steps of a round are done. */
export async function untilTraining(page: Page): Promise<void> {
  await page.getByText(/^Step [1-9]/).waitFor();
}
