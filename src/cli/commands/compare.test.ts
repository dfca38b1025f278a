import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commonweight } from '../../../test/command-in-process.js';
import { sample, start } from '../../../test/run-command.js';

const folder = mkdtempSync(join(tmpdir(), 'commonweight-compare-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (...path: string[]) => join(folder, ...path);
const read = (...path: string[]) => readFileSync(at(...path), 'utf8');

const federation = at('federation.yaml');
writeFileSync(
  federation,
  `seed: 5
dataset: ${sample}
partition: { name: v, participants: 3 }
model: { name: mlp, hidden: [16] }
optimizer: { name: adam, learningRate: 0.002 }
local: { epochs: 1 }
rounds: 2
pooled: true
compare: [max]
attack: { name: sign-flip }
`,
);
const compare = (...more: string[]) => [
  'compare',
  federation,
  '--strategies',
  'mean,absmax',
  '--seeds',
  '2',
  ...more,
];

let first: Awaited<ReturnType<typeof commonweight>>;
beforeAll(async () => {
  first = await commonweight(compare('--out', at('first'), '--json', at('first.json'), '--target', '0.3'));
});

interface Run {
  readonly strategy: string;
  readonly seed: number;
}
const withoutSeconds = (journal: string) => journal.replaceAll(/"seconds":[\d.]+|"check":"\w+"/g, '');
const updatesOfRound = (round: number, strategy: string, seed: number) =>
  read('first', strategy, `seed-${seed}`, 'journal.jsonl')
    .split('\n')
    .filter((line) => line.includes('"update-received"') && line.includes(`"round":${round},`))
    .map(withoutSeconds)
    .sort();

describe('commonweight compare', () => {
  it('runs every strategy with every seed and prints what came of it', () => {
    expect(first.stderr).toBe('');
    expect(first.status).toBe(0);
    expect(first.stdout).toContain('attack    sign-flip, scale 1, by environment-3');
    for (const line of ['run 1 of 4  seed 5  mean  ', 'run 4 of 4  seed 6  absmax  ']) {
      expect(first.stdout).toContain(line);
    }
    expect(first.stdout).toMatch(
      /\nstrategy +test +Δ +rounds +sent\nmean +\d+\.\d\d ± .*\nabsmax +\d.*\npooled +\d/,
    );
    expect(first.stdout).toMatch(/over n = 2 seeds\s\(5, 6\)/);
  });

  it('keeps the runs, the comparison and a page', () => {
    expect(readdirSync(at('first')).sort()).toEqual([
      ...['absmax', 'comparison.html', 'comparison.json', 'lease-1.json', 'mean'],
    ]);
    expect(readdirSync(at('first/mean')).sort()).toEqual(['seed-5', 'seed-6']);
    const comparison = JSON.parse(read('first.json'));
    expect(JSON.parse(read('first/comparison.json'))).toEqual(comparison);
    expect(comparison.runs.map(({ strategy, seed }: Run) => `${strategy} ${seed}`)).toEqual([
      'mean 5',
      'absmax 5',
      'mean 6',
      'absmax 6',
    ]);
    expect(read('first/comparison.html')).toMatch(/^<!doctype html>/);
  });

  it('begins alike for one seed, and anew for the next', () => {
    expect(updatesOfRound(1, 'absmax', 5)).toHaveLength(3);
    expect(updatesOfRound(1, 'absmax', 5)).toEqual(updatesOfRound(1, 'mean', 5));
    expect(updatesOfRound(2, 'absmax', 5)).not.toEqual(updatesOfRound(2, 'mean', 5));
    expect(updatesOfRound(1, 'mean', 6)).not.toEqual(updatesOfRound(1, 'mean', 5));
  });

  it('gives a run the bytes that it has alone', async () => {
    const { status } = await commonweight([
      ...['run', federation, '--strategy', 'absmax', '--seed', '6', '--out', at('alone')],
    ]);
    expect(status).toBe(0);
    const model = (...path: string[]) => readFileSync(at(...path, 'model.safetensors'));
    expect(model('first', 'absmax', 'seed-6').equals(model('alone'))).toBe(true);
  });

  it('is taken up again after SIGINT, to the same result', async () => {
    const { child, until, ended } = start(compare('--out', at('cut'), '--target', '0.3'));
    await until(/run 2 of 4/);
    child.kill('SIGINT');
    const { status, stderr } = await ended;
    expect(status).toBe(130);
    expect(stderr).toMatch(/^commonweight: interrupted; .*same command.*\n$/);
    expect(existsSync(at('cut', 'comparison.json'))).toBe(false);
    const again = await commonweight(compare('--out', at('cut'), '--target', '0.3'));
    expect(again.status).toBe(0);
    expect(again.stdout).toMatch(/run 2 of 4 .* done before\n/);
    expect(read('cut', 'comparison.json')).toBe(read('first/comparison.json'));
  });

  it.each([
    ['a strategy that is not known', ['--strategies', 'mean,absmx'], 'did you mean "absmax"?'],
    ['one that is named twice', ['--strategies', 'mean,max,mean'], 'the strategy "mean" is named twice'],
    [
      'a target that is none',
      ['--strategies', 'mean', '--target', '85'],
      '--target is 85, expected a number from 0 to 1',
    ],
    ['no strategy', [], "required option '--strategies <list>' not specified"],
  ])('refuses %s before it trains', async (_, flags, message) => {
    const { status, stdout, stderr } = await commonweight(['compare', federation, ...flags]);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
  });
});
