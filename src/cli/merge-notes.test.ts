/** What `merge` says besides where it has written to. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { commonweight } from '../../test/run-command.js';

const folder = mkdtempSync(join(tmpdir(), 'commonweight-notes-'));
afterAll(() => rmSync(folder, { recursive: true }));
const [base, a, b] = ['bn0', 'bn1', 'bn2'].map((name) =>
  fileURLToPath(new URL(`../../test/fixtures/batch-norm/${name}.safetensors`, import.meta.url)),
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
      '  batch norm: 2 statistics by the weighted mean, 1 counter by the largest; statistics may be "strategy" or "first" instead of "mean"',
    ]);
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
