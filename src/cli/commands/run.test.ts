import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { commonweight } from '../../../test/command-in-process.js';
import { sample, start } from '../../../test/run-command.js';
import { configurationSchema } from '../../protocol/configuration/configuration.js';

const fraction = z.number().min(0).max(1);
const name = z.string().min(1);
const figures = z.strictObject({ accuracy: fraction, loss: z.number().positive() });
const resultSchema = z.strictObject({
  dataset: z.string(),
  partition: z.looseObject({ name, participants: z.int() }),
  seed: z.int(),
  strategy: z.string(),
  settings: configurationSchema,
  versions: z.record(z.string(), z.string()),
  metrics: z.tuple([
    z.looseObject({ name: z.literal('accuracy') }),
    z.looseObject({ name: z.literal('loss') }),
  ]),
  participants: z.array(name),
  rounds: z.array(
    z.strictObject({
      round: z.int().positive(),
      seconds: z.number().positive(),
      participants: z.array(
        z.strictObject({
          name,
          examples: z.int().positive(),
          epochs: z.int().positive().optional(),
          steps: z.int().positive().optional(),
          validation: figures,
          test: figures.optional(),
        }),
      ),
      merged: z.record(z.string(), z.strictObject({ test: figures })),
      copied: z.array(z.strictObject({ name, validation: figures })),
    }),
  ),
  pooled: z.strictObject({ test: figures }).optional(),
  best: z
    .strictObject({ round: z.int().positive(), validation: z.strictObject({ accuracy: z.number() }) })
    .optional(),
  stopped: z.strictObject({
    reason: z.enum(['every-participant-passed', 'max-rounds', 'interrupted', 'diverged']),
    round: z.int(),
  }),
  model: z.strictObject({ file: z.string(), sha256: z.string().regex(/^[0-9a-f]{64}$/) }).optional(),
});

const folder = mkdtempSync(join(tmpdir(), 'commonweight-run-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (...path: string[]) => join(folder, ...path);

const federation = at('federation.yaml');
writeFileSync(
  federation,
  `dataset: ${sample}
partition: { name: v, participants: 3 }
model: { name: mlp, hidden: [32] }
initialWeights: independent
optimizer: { name: adam, learningRate: 0.004 }
local: { epochs: 2, threshold: 0.95 }
rounds: 3
compare: [max, absmax]
pooled: true
`,
);
const run = (out: string, ...more: string[]) => ['run', federation, '--out', at(out), ...more];
const resultOf = (out: string) =>
  resultSchema.parse(JSON.parse(readFileSync(at(out, 'result.json'), 'utf8')));
const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

/** The model of a run that nobody disturbed. */
let undisturbed: string;
let first: Awaited<ReturnType<typeof commonweight>>;
beforeAll(async () => {
  first = await commonweight(run('first', '--json', at('first.json'), '--workers', '2'));
  expect(first.stderr).toBe('');
  undisturbed = sha256(at('first/model.safetensors'));
});

describe('commonweight run', () => {
  it('writes the result as JSON, the same beside the model and where --json says', () => {
    expect(first.status).toBe(0);
    const result = resultSchema.parse(JSON.parse(readFileSync(at('first.json'), 'utf8')));
    expect(result).toEqual(resultOf('first'));
    expect(result.participants).toEqual(['environment-1', 'environment-2', 'environment-3']);
    expect(result.rounds).toHaveLength(3);
    for (const { participants, merged, copied } of result.rounds) {
      expect(participants.map(({ name }) => name)).toEqual(result.participants);
      expect(participants.every(({ test }) => test !== undefined)).toBe(true);
      expect(Object.keys(merged)).toEqual(['mean', 'max', 'absmax']);
      expect(copied).toHaveLength(3);
    }
    expect(result.pooled).toBeDefined();
    expect(result.stopped).toEqual({ reason: 'max-rounds', round: 3 });
    expect(result.model).toEqual({ file: at('first/model.safetensors'), sha256: undisturbed });
  });

  it('keeps the configuration, the journal, the models, the metrics and ONNX', () => {
    expect(readdirSync(at('first')).sort()).toEqual([
      'configuration.yaml',
      'data.json',
      'job.json',
      'journal.jsonl',
      'lease-1.json',
      'metrics.csv',
      'model.onnx',
      'model.safetensors',
      'models',
      'result.json',
      'rounds',
      'updates',
    ]);
    expect(readdirSync(at('first/updates'))).toEqual([]);
    expect(readFileSync(at('first/metrics.csv'), 'utf8')).toMatch(
      /^round,model,set,accuracy,loss\n1,environment-1,/,
    );
  });

  it('says first what is going to happen and last what came of it, in plain lines of 100 characters', () => {
    const { stdout } = first;
    expect(stdout).not.toContain('\u001b');
    expect(stdout).toMatch(/^data\s+\S+:\s+1,280\s+training\s+and\s+640\s+test\s+images\s+of\s+28x28/);
    expect(stdout).toMatch(/network +mlp \(hidden 32\), .*25,450 parameters/);
    expect(stdout).toContain('workers   2, device cpu, seed 0');
    expect(stdout).toMatch(/round 1 {2}environment-2 {2}epoch 1\/2 {2}loss \d/);
    expect(stdout).toMatch(/\nround .*environment-1.* mean +max +absmax .*\n1 +/);
    expect(stdout).toContain('finished: 3 rounds done');
    expect(stdout).toContain(`files in ${at('first')}`);
    const tables = stdout.split('\n').filter((line) => /^(round|\d) {2}/.test(line));
    expect(tables.length).toBeGreaterThan(6);
    for (const line of tables) expect(line.length).toBeLessThanOrEqual(100);
  });

  it('gives the same model with other numbers of workers', async () => {
    const { status } = await commonweight(run('workers', '--workers', '3'));
    expect(status).toBe(0);
    expect(sha256(at('workers/model.safetensors'))).toBe(undisturbed);
  });

  it('prints a finished run again at once and says why nothing was trained', async () => {
    const { status, stdout } = await commonweight(run('first', '--json', at('again.json')));
    expect(status).toBe(0);
    expect(stdout).toContain('this run is finished already, nothing was trained');
    expect(stdout).not.toContain('epoch 1/2');
    expect(stdout).toMatch(/\n3 +\d/);
    expect(readFileSync(at('again.json'))).toEqual(readFileSync(at('first.json')));
  });

  it('refuses the folder of another configuration and names the field', async () => {
    const { status, stderr } = await commonweight(run('first', '--epochs', '5'));
    expect(status).toBe(2);
    expect(stderr).toContain(
      `"${at('first')}" holds a run of another configuration: "local.epochs" is 2 there and 5 now`,
    );
    expect(stderr).toContain('choose another --out');
  });
});

describe('a run that is killed or interrupted', () => {
  // At every moment: test/kill.
  it('comes to the same model after a SIGKILL in the middle of training', async () => {
    const out = 'killed';
    const { child, until, ended } = start(run(out));
    await until(/round 2 {2}environment-1 {2}epoch 1/);
    child.kill('SIGKILL');
    expect((await ended).status).toBeNull();
    expect(existsSync(at(out, 'result.json'))).toBe(false);
    const { status } = await commonweight(run(out));
    expect(status).toBe(0);
    expect(sha256(at(out, 'model.safetensors'))).toBe(undisturbed);
    expect(resultOf(out).pooled).toEqual(resultOf('first').pooled);
  });

  it('leaves a readable folder after SIGINT, and goes on', async () => {
    const out = 'interrupted';
    const { child, until, ended } = start(run(out, '--json', at('interrupted.json')));
    await until(/round 2 {2}environment-2 {2}epoch 1/);
    child.kill('SIGINT');
    const { status, stdout, stderr } = await ended;
    expect(status).toBe(130);
    expect(stdout).toContain('interrupted in round 2');
    expect(stderr).toMatch(/^commonweight: interrupted; .*same command.*\n$/);
    const result = resultOf(out);
    expect(result.stopped).toEqual({ reason: 'interrupted', round: 2 });
    expect(JSON.parse(readFileSync(at('interrupted.json'), 'utf8'))).toEqual(
      JSON.parse(JSON.stringify(result)),
    );
    expect(result.model!.sha256).toBe(sha256(at(out, 'model.safetensors')));
    expect(parseYaml(readFileSync(at(out, 'configuration.yaml'), 'utf8'))).toEqual(result.settings);
    const files = readdirSync(at(out), { recursive: true, encoding: 'utf8' });
    expect(files.filter((file) => /part/.test(file))).toEqual([]);
    const again = await commonweight(run(out));
    expect(again.stdout).toContain('resumed in round 2');
    expect(sha256(at(out, 'model.safetensors'))).toBe(undisturbed);
  });

  it('is interrupted by SIGTERM, too, and ends at once at the second signal', async () => {
    const { child, until, ended } = start(['run', federation, '--epochs', '1000']);
    await until(/epoch 1\/1000/);
    child.kill('SIGTERM');
    await until(/^interrupted: /m);
    child.kill('SIGTERM');
    await ended;
    expect(child.signalCode === 'SIGTERM' || child.exitCode === 143).toBe(true);
  });
});

describe('flags', () => {
  it('take the place of the fields of the file', async () => {
    const { status } = await commonweight(
      run(
        'flags',
        ...['--seed', '7', '--rounds', '1', '--epochs', '1', '--strategy', 'absmax', '--participants', '2'],
        ...[
          '--partition',
          'dirichlet',
          '--network',
          '{"name":"mlp","hidden":[8]}',
          '--learning-rate',
          '0.001',
          '--compare',
          'mean',
        ],
      ),
    );
    expect(status).toBe(0);
    const { settings, rounds } = resultOf('flags');
    expect(settings).toMatchObject({
      seed: 7,
      rounds: 1,
      strategy: 'absmax',
      partition: { name: 'dirichlet', participants: 2 },
      model: { name: 'mlp', hidden: [8] },
      optimizer: { name: 'adam', learningRate: 0.001 },
      local: { epochs: 1, threshold: 0.95 },
    });
    expect(Object.keys(rounds[0]!.merged)).toEqual(['absmax', 'mean']);
  });

  it('count local work in steps in place of epochs, and draw participants', async () => {
    const { status, stdout } = await commonweight(
      run('steps', '--steps', '3', '--participants-per-round', '2', '--rounds', '2'),
    );
    expect(status).toBe(0);
    const { settings, rounds } = resultOf('steps');
    expect(settings.local).toEqual({ steps: 3 });
    for (const { participants, copied } of rounds) {
      expect(participants.map(({ epochs, steps }) => [epochs, steps])).toEqual([
        [undefined, 3],
        [undefined, 3],
      ]);
      expect(copied).toHaveLength(3);
    }
    expect(stdout).toContain('3 steps per round');
    expect(stdout).toContain('2 of 3 participants, drawn anew, train in each');
    expect(stdout).toContain('step 3/3');
    const csv = readFileSync(at('steps/metrics.csv'), 'utf8').split('\n');
    const own = csv.filter((line) => /^1,environment-\d,validation/.test(line));
    expect(own).toHaveLength(2);
  });

  it('describe a run without a file; it begins where --init says', async () => {
    const { status } = await commonweight([
      ...['run', '--dataset', sample, '--network', '{"name":"mlp","hidden":[32]}', '--rounds', '1'],
      ...['--init', at('first/model.safetensors'), '--out', at('init')],
    ]);
    expect(status).toBe(0);
    const { settings, rounds } = resultOf('init');
    expect(settings.initialModel).toMatch(/^[0-9a-f]{64}$/);
    expect(rounds[0]!.merged.mean!.test.accuracy).toBeGreaterThan(0.6);
  });
});
