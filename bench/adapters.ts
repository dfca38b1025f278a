/**
 * The memory of a participant that trains adapters (LoRA) in a large transformer, and the size of
 * what it sends: `serve` and one `join`, whole processes over loopback.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type CommandUse, commandLine, measureCommand } from './command-use.js';
import { BenchError } from './error.js';

export interface AdaptersPlan {
  readonly width: number;
  readonly layers: number;
}

/** A hundred million weights. */
export const allAdapters: AdaptersPlan = { width: 768, layers: 14 };
export const quickAdapters: AdaptersPlan = { width: 96, layers: 2 };

export interface AdaptersResult extends AdaptersPlan, CommandUse {
  /** Of the final model. */
  readonly modelBytes: number;
  /** Of what a participant sends in a round: as large as what is merged. */
  readonly updateBytes: number;
}

const TEXTS = 32;
/** The width of a head. */
const HEAD = 32;
const NAME = 'site-1';

/** @throws BenchError when the project is not built, or a process fails */
export async function measureAdapters(plan: AdaptersPlan): Promise<AdaptersResult> {
  if (!existsSync(commandLine)) throw new BenchError('bench: there is no dist', { hint: 'npm run build' });
  const folder = await mkdtemp(join(tmpdir(), 'commonweight-bench-adapters-'));
  try {
    const texts = join(folder, 'texts.jsonl');
    const lines = Array.from({ length: TEXTS }, (_, i) =>
      JSON.stringify(
        i % 2
          ? { text: 'fine and warm '.repeat(4), label: 'a' }
          : { text: 'bad and cold '.repeat(4), label: 'b' },
      ),
    );
    await writeFile(texts, `${lines.join('\n')}\n`);
    const file = join(folder, 'federation.yaml');
    await writeFile(file, JSON.stringify(settingsOf(plan, texts)));
    const out = join(folder, 'served');
    const use = await served(file, out, texts, join(folder, 'own'));
    const bytesOf = async (path: string) => (await stat(join(out, path))).size;
    const [modelBytes, updateBytes] = [
      await bytesOf('model.safetensors'),
      await bytesOf('models/round-1.safetensors'),
    ];
    return { ...plan, ...use, modelBytes, updateBytes };
  } finally {
    await rm(folder, { recursive: true });
  }
}

const settingsOf = ({ width, layers }: AdaptersPlan, dataset: string) => ({
  dataset,
  data: { kind: 'text', length: 64, classes: ['a', 'b'] },
  model: { name: 'transformer', width, layers, heads: width / HEAD, dropout: 0 },
  lora: { rank: 8, targets: ['*.in_proj_weight'] },
  partition: { name: 'own', participants: 1 },
  participants: [NAME],
  optimizer: { name: 'adamw' },
  batchSize: 8,
  local: { steps: 4 },
  rounds: 1,
});

async function served(file: string, out: string, texts: string, own: string): Promise<CommandUse> {
  const args = [commandLine, 'serve', file, '--out', out, '--port', '0', '--workers', '1'];
  const coordinator = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = new Promise<number | null>((resolve) => coordinator.once('exit', resolve));
  try {
    const command = await Promise.race([
      joinLine(coordinator.stdout),
      ended.then(() => {
        throw new BenchError('bench: the coordinator ended before anybody joined');
      }),
    ]);
    const joining = command.replace(/--data \S+/, `--data ${texts}`).split(' ');
    const use = await measureCommand([...joining, '--out', own], 'the participant');
    if ((await ended) !== 0) throw new BenchError('bench: the coordinator failed');
    return use;
  } finally {
    coordinator.kill();
  }
}

function joinLine(output: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve) => {
    createInterface({ input: output }).on('line', (line) => {
      const [, command] = /commonweight (join .*)$/.exec(line) ?? [];
      if (command !== undefined) resolve(command);
    });
  });
}
