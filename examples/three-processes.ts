// A federation of three processes on one machine: npx tsx examples/three-processes.ts
// On three machines, three people type the same commands: docs/across-machines.md.
import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

const settings = (dataset: string) => `
dataset: ${dataset}
partition: { name: v, participants: 2 }
participants: [site-a, site-b]
model: { name: mlp }
optimizer: { name: adam, learningRate: 0.001 }
local: { epochs: 1 }
rounds: 3
`;

/**
 * One leads, two train; each has a folder of its own. Gives the final model's accuracy on the test
 * images.
 */
export async function threeProcesses(dataset = 'fashion-mnist', out = 'runs/three-processes') {
  await mkdir(out, { recursive: true });
  // A folder in the file is meant from where the file lies.
  const data = dataset === 'fashion-mnist' ? dataset : resolve(dataset);
  await writeFile(`${out}/federation.yaml`, settings(data));

  const serve = ['serve', `${out}/federation.yaml`, '--out', `${out}/coordinator`, '--port', '0'];
  const participants: Promise<void>[] = [];
  await commonweight('coordinator', serve, (line) => {
    // It prints a command for each participant, with its token and its share of the data.
    const [, name, join] = /^ {2}(site-\w): +commonweight (join .*)$/.exec(line) ?? [];
    if (name === undefined || join === undefined) return;
    participants.push(commonweight(name, [...join.split(' '), '--out', `${out}/${name}`]));
  });
  await Promise.all(participants);

  const [model, ...others] = await Promise.all(
    ['coordinator', 'site-a', 'site-b'].map((name) => readFile(`${out}/${name}/model.safetensors`)),
  );
  if (others.some((other) => !model?.equals(other))) throw new Error('not everybody has the final model');
  const { rounds } = JSON.parse(await readFile(`${out}/coordinator/result.json`, 'utf8'));
  const accuracy: number = rounds.at(-1).merged.mean.test.accuracy;
  console.log(`everybody has the final model: ${(100 * accuracy).toFixed(2)}% on the test images`);
  return accuracy;
}

const program = new URL('../dist/cli/main.js', import.meta.url).pathname;

/**
 * Resolves when the process has ended well. Where the package is installed, `npx commonweight`
 * starts the same program.
 */
async function commonweight(name: string, args: readonly string[], onLine?: (line: string) => void) {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    console.log(`${name}: ${line}`);
    onLine?.(line);
  }
  const status = await ended;
  if (status !== 0) throw new Error(`${name} ended with ${status}`);
}

if (process.argv[1]?.endsWith('three-processes.ts')) await threeProcesses(process.argv[2]);
