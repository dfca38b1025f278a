/** What `merge` says besides where it has written to. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { commonweight } from '../../../test/command-in-process.js';
import { encodeSafetensors } from '../../tensor/safetensors.js';
import { stateLayout } from '../../tensor/state-dict.js';

const folder = mkdtempSync(join(tmpdir(), 'commonweight-notes-'));
afterAll(() => rmSync(folder, { recursive: true }));
const [base, a, b] = ['bn0', 'bn1', 'bn2'].map((name) =>
  fileURLToPath(new URL(`../../../test/fixtures/batch-norm/${name}.safetensors`, import.meta.url)),
) as [string, string, string];
const merge = (...args: string[]) =>
  commonweight(['merge', a, b, '--base', base, '-o', 'out.safetensors', ...args], { cwd: folder });

describe.concurrent('commonweight merge', () => {
  it('says how statistics and counters are merged, and that the base is among the inputs', async () => {
    const { status, stdout } = await merge('--strategy', 'dare', base);
    expect(status).toBe(0);
    expect(stdout.trimEnd().split('\n')).toEqual([
      'out.safetensors: 3 files merged by dare, 9 tensors, 3.4 kB',
      `  "${base}" is the base: among the inputs it counts as an update of 0`,
      '  batch norm: 2 statistics by the weighted mean, 1 counter by the largest; --statistics is mean, and can be strategy or first',
    ]);
  });

  it('averages the products of LoRA adapters, and says what to set', async () => {
    const layout = stateLayout([
      ['q.lora_A.weight', [1, 2]],
      ['q.lora_B.weight', [2, 1]],
    ]);
    writeFileSync(join(folder, 'l'), encodeSafetensors({ layout, data: Float32Array.of(1, 2, 3, 4) }));
    const adapters = ['merge', 'l', 'l', '-o', 'lora.safetensors'];
    const plain = await commonweight(adapters, { cwd: folder });
    expect(plain.stdout).toContain('LoRA: A and B of 1 pair were merged separately');
    const products = await commonweight([...adapters, '--lora', 'products'], { cwd: folder });
    expect(products).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('multiply r and lora_alpha by 2'),
    });
    const both = await commonweight([...adapters, '--lora', 'products', '--base', 'l'], { cwd: folder });
    expect(both.status).toBe(2);
    expect(both.stderr).toContain('--lora is given, but --base is, too');
  });

  it('merges statistics as --statistics says, but makes no variance below 0', async () => {
    const first = await merge('--strategy', 'dare', '--statistics', 'first');
    expect(first.stdout).toContain('batch norm: 2 statistics as in the first, 1 counter as in the first; ');
    const strategy = await merge('--strategy', 'dare', '--statistics', 'strategy');
    expect(strategy.status).toBe(2);
    expect(strategy.stderr).toMatch(
      /"1.running_var" is -0\.\d+ at index \d, expected a variance, not below 0/,
    );
    const wrong = await merge('--strategy', 'dare', '--statistics', 'median');
    expect(wrong.status).toBe(2);
    expect(wrong.stderr).toContain('--statistics');
  });
});
