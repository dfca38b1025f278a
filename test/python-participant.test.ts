import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { PYTHON_PARTICIPANT, requires } from './requires.js';
import { root, type Started, sample, start } from './run-command.js';

const cwd = mkdtempSync(join(tmpdir(), 'python-participant-'));
const coordinators: Started[] = [];
afterAll(async () => {
  for (const { child } of coordinators) child.kill();
  await Promise.all(coordinators.map(({ ended }) => ended));
  rmSync(cwd, { recursive: true });
});

const python = requires(PYTHON_PARTICIPANT) ?? '';
const folder = join(root, 'examples/python');

/** The second half of the sample's training pictures, as a site would bring them. */
function writeOwnData(): void {
  const bytesOf = (name: string, header: number) =>
    gunzipSync(readFileSync(join(sample, `${name}.gz`))).subarray(header);
  const half = (bytes: Buffer) => bytes.subarray(bytes.length / 2);
  writeFileSync(join(cwd, 'images'), half(bytesOf('train-images-idx3-ubyte', 16)));
  writeFileSync(join(cwd, 'labels'), half(bytesOf('train-labels-idx1-ubyte', 8)));
  const script = [
    'import numpy as np',
    'images = np.fromfile("images", np.uint8).reshape(-1, 1, 28, 28)',
    'np.savez("own.npz", images=images, labels=np.fromfile("labels", np.uint8))',
  ].join('\n');
  const { status, stderr } = spawnSync(python, ['-c', script], { cwd, encoding: 'utf8' });
  expect(status, stderr).toBe(0);
}

/** @param before lines of Python, before it begins */
async function participant(hub: string, key: string, token: string, before = '') {
  const script = `import sys; sys.path.insert(0, ${JSON.stringify(folder)})\nimport hub, participant\n${before}\nparticipant.main()`;
  const flags = ['--coordinator-key', key, '--data', 'own.npz', '--accept-foreign-plan'];
  const child = spawn(python, ['-c', script, hub, ...flags], {
    ...{ cwd, stdio: ['ignore', 'pipe', 'pipe'] },
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', COMMONWEIGHT_TOKEN: token },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const status = await new Promise((ended) => child.on('close', ended));
  return { status, stdout, stderr };
}

const settings = `
dataset: ${sample}
partition: { name: own, participants: 2 }
participants: [node, python]
model: { name: mlp }
optimizer: { name: adam, learningRate: 0.001 }
local: { epochs: 2 }
rounds: 3
`;

async function lead(out: string) {
  writeFileSync(join(cwd, 'federation.yaml'), settings);
  const coordinator = start(['serve', 'federation.yaml', '--offer-plan', '--port', '0', '--out', out], {
    cwd,
  });
  coordinators.push(coordinator);
  const said = await coordinator.until(/operator/);
  const [, url = '', key = ''] = /join (http:\S+).*--coordinator-key (\w+)/.exec(said) ?? [];
  const tokens = readFileSync(join(cwd, out, 'new-tokens.txt'), 'utf8');
  const tokenOf = (name: string) => new RegExp(`${name}.*?([\\w-]{43})`).exec(tokens)?.[1] ?? '';
  return { coordinator, said, url, key, tokenOf };
}

describe.skipIf(python === '')('the participant in Python', () => {
  it('finishes a federation with one in Node, and what it learns is in the model', async () => {
    writeOwnData();
    const { coordinator, said, url, key, tokenOf } = await lead('run');
    const flags = ['--token', tokenOf('node'), '--coordinator-key', key, '--data', sample, '--out', 'node'];
    const node = start(['join', url, ...flags], { cwd });
    const own = await participant(url, key, tokenOf('python'));
    expect(own.stderr).toBe('');
    expect(own.status).toBe(0);
    expect(own.stdout).toContain('the run is over: max-rounds');
    const [, agreed = 'none'] = /description of the federation has the SHA-256 (\w{64})/.exec(said) ?? [];
    expect(own.stdout).toContain(`the description of the federation has the SHA-256 ${agreed}\n`);
    expect((await node.ended).status).toBe(0);
    expect((await coordinator.ended).status).toBe(0);

    const { rounds } = JSON.parse(readFileSync(join(cwd, 'run/result.json'), 'utf8'));
    expect(rounds).toHaveLength(3);
    expect(rounds.at(-1).participants.map(({ name }: { name: string }) => name)).toEqual(['node', 'python']);
    expect(rounds.at(-1).merged.mean.test.accuracy).toBeGreaterThan(0.6);
    // What it evaluated itself is as good as what the coordinator measured.
    const shown = [...own.stdout.matchAll(/round \d: (\d+\.\d)% of the own/g)].map(([, value]) =>
      Number(value),
    );
    expect(shown).toHaveLength(3);
    expect(shown.at(-1)).toBeGreaterThan(60);
    const models = ['run', 'node'].map((out) => readFileSync(join(cwd, out, 'model.safetensors')));
    expect(models[0]?.equals(models[1] ?? Buffer.alloc(0))).toBe(true);
  });

  it('ends with a sentence where the hub has another key, or speaks another version', async () => {
    const { url, key, tokenOf } = await lead('refused');
    const token = tokenOf('python');
    const other = await participant(url, `${'0'.repeat(63)}1`, token);
    expect(other.status).toBe(1);
    expect(other.stderr).toMatch(/^participant: the description is not signed by the key that was given\n$/);
    const later = await participant(url, key, token, 'hub.PROTOCOL = 99');
    expect(later.status).toBe(1);
    expect(later.stderr).toMatch(/^participant: .*version \d.*99.*\n$/);
  });
});
