import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sample } from '../../../test/run-command.js';
import { addCommands, commandNames } from '../commands.js';
import { runProgram } from '../program.js';
import { runLog } from '../terminal/run-log.js';

const cwd = mkdtempSync(join(tmpdir(), 'commonweight-secrets-'));
afterAll(() => rmSync(cwd, { recursive: true }));

const token = 'qB3x-YzK0_abcdefghijklmnopqrstuvwxyzABCDEF1';
const password = 'hunter2';
const all = new Command();
for (const name of commandNames) await addCommands(all, [name]);
const commands = all.commands.map((command) => command.name());
/** Nobody listens there. */
const nowhere = 'http://127.0.0.1:9';
const link = `${nowhere}/join#token=${token}`;
const nats = `nats://me:${password}@127.0.0.1:9`;
writeFileSync(
  join(cwd, 'f.yaml'),
  `dataset: none
imageShape: [1, 2, 2]
classNames: [a, b]
partition: { name: own, participants: 1 }
model: { name: mlp, hidden: [2] }
optimizer: { name: adam }
local: { epochs: 1 }
rounds: 1
`,
);

let said = '';
beforeEach(() => {
  said = '';
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      said += String(text);
      return true;
    });
  }
  vi.stubEnv('COMMONWEIGHT_TOKEN', token);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** In this process. @returns all that it says */
async function failing(args: readonly string[]): Promise<string> {
  const failure = await runProgram(args);
  // A mistake, or nobody who answers.
  expect(failure?.status).toBeOneOf([2, 75]);
  return said + failure?.text;
}

function everythingIn(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => `${path}\n${readFileSync(path, 'utf8')}`)
    .join('\n');
}

describe('a secret that was typed is repeated nowhere', () => {
  const typed: (readonly string[])[] = [
    ...commands.map((name) => [name, `${nowhere}/elsewhere#token=${token}`]),
    [token],
    [`--token=${token}`, 'join'],
    ['join', token, '--data', sample],
    ['join', link, '--data', sample, '--token', token],
    ['join', link, '--data', sample, `--tokne=${token}`],
    ['join', link, '--data', sample, '--fingerprint', token],
    ['join', nowhere, '--data', sample, '--token-file', token],
    ['join', nowhere, '--data', sample, '--token', `${token}x`],
    ['join', `http://me:${password}@127.0.0.1:9`, '--data', sample, '--token', token],
    ['join', nats, '--name', 'a', '--data', sample],
    ['join', `nats://127.0.0.1:9,nats://${password}@b`, '--name', 'a', '--data', sample, '--token', token],
    ['status', link],
    ['status', token],
    ['stop', link],
    ['token', link, '--name', 'a'],
    ['token', nowhere, '--token', token, '--role', token],
    ['open', token],
    ['serve', join(cwd, 'f.yaml'), '--out', join(cwd, 'run'), '--port', '0', '--nats', nats],
    ['serve', join(cwd, 'f.yaml'), '--out', join(cwd, 'run'), '--port', '0', '--url', link, '--token', token],
  ];
  it.each(typed)('by commonweight %s', async (...args) => {
    const everything = await failing(args);
    expect(everything).toMatch(/^commonweight: /m);
    for (const secret of [token, password]) expect(everything).not.toContain(secret);
  });

  it('nor in a file of a run, nor by the log of an error that a library throws', () => {
    const log = runLog(join(cwd, 'run'));
    const error = new Error(`cannot connect to ${nats}`, { cause: new Error(`with ${link}`) });
    log.error({ error }, 'a request failed');
    log.flush();
    const everything = everythingIn(cwd);
    expect(everything).toContain('cannot connect to nats://…@127.0.0.1:9');
    for (const secret of [token, password]) expect(everything).not.toContain(secret);
  });
});

describe('that nothing is encrypted on the way to another machine', () => {
  it.each([
    ['join', 'http://0.0.0.0:9', '--explain'],
    ['status', 'http://0.0.0.0:9'],
    ['stop', 'http://0.0.0.0:9'],
    ['token', 'http://0.0.0.0:9', '--role', 'observer'],
  ])('is said by commonweight %s %s', async (...args) => {
    expect(await failing(args)).toContain('commonweight: nothing is encrypted on the way to 0.0.0.0: ');
  });
});
