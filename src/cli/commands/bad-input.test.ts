import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { commonweight } from '../../../test/command-in-process.js';
import { sample, commonweight as startedAnew } from '../../../test/run-command.js';
import { encodeSafetensors } from '../../tensor/safetensors.js';
import { stateLayout } from '../../tensor/state-dict.js';

const folder = mkdtempSync(join(tmpdir(), 'commonweight-bad-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (...path: string[]) => join(folder, ...path);
/** Paths within the folder, as the user gives them. */
const inFolder = { cwd: folder };

const description = `dataset: ${sample}
partition: { name: v }
model: { name: mlp, hidden: [8] }
optimizer: { name: sgd, learningRate: 0.01 }
local: { epochs: 1 }
rounds: 1
`;
let files = 0;
/** A federation.yaml of its own for every case: they run side by side. */
function describedBy(text: string): string {
  const file = `federation-${++files}.yaml`;
  writeFileSync(at(file), text);
  return file;
}

async function complaint(args: readonly string[], ended = commonweight(args, inFolder)) {
  const { status, stdout, stderr } = await ended;
  expect(stderr).toMatch(/^commonweight: /);
  expect(stderr).not.toMatch(/\n\s+at /);
  const [message = '', ...hint] = stderr.trimEnd().split('\n');
  return { status, stdout, message, hint: hint.join('\n').trim() };
}

describe.concurrent('a configuration that cannot be', () => {
  it.each([
    [
      'an unknown strategy',
      'rounds: 1',
      'rounds: 1\nstrategy: man',
      '"strategy" is "man", expected one of mean, mean-equal, max, absmax',
      'did you mean "mean"?',
    ],
    [
      'a parameter of a strategy',
      'rounds: 1',
      'rounds: 1\nstrategy: { name: trimmed-mean, trim: 0.7 }',
      '"strategy" is "trimmed-mean(trim=0.7)": "trim" is 0.7, expected a number from 0 below 0.5',
      '',
    ],
    [
      'a strategy for more participants',
      'rounds: 1',
      'rounds: 1\ncompare: [median, bulyan]',
      '"compare" is "bulyan", which takes at least 7 updates (n ≥ 4f + 3), got 2',
      '',
    ],
    [
      'a strategy that wants what another loss does not have',
      'rounds: 1',
      'rounds: 1\nstrategy: fisher-mean\nloss: { name: mean-squared-error }',
      '"strategy" is "fisher-mean", which needs the Fisher information of softmax probabilities, but "loss" is',
      '',
    ],
    [
      'a threshold of 1.2',
      'epochs: 1',
      'epochs: 1, threshold: 1.2',
      '"local.threshold" is 1.2, expected a number from 0 to 1',
      '',
    ],
    [
      'an unknown field',
      'epochs: 1',
      'epochs: 1, treshold: 0.9',
      '"local.treshold" is unknown, expected one of epochs, steps, threshold, firstThreshold',
      'did you mean "local.threshold"?',
    ],
    [
      'an unknown partition',
      'name: v',
      'name: dirchlet',
      '"partition.name" is "dirchlet", expected one of v, h, iid, dirichlet',
      'did you mean "dirichlet"?',
    ],
    [
      'an unknown server optimizer',
      'rounds: 1',
      'rounds: 1\nserver: { name: fed-adm }',
      '"server.name" is "fed-adm", expected one of fed-avg-m, fed-adam, fed-yogi, fed-adagrad, diloco',
      'did you mean "fed-adam"?',
    ],
    [
      'a setting of another server optimizer',
      'rounds: 1',
      'rounds: 1\nserver: { name: fed-adam, momentum: 0.9 }',
      '"server.momentum" is unknown, expected one of name, learningRate, schedule, beta1, beta2, tau',
      '',
    ],
    [
      'a refit in rounds that there are none of',
      'rounds: 1',
      'rounds: 1\nrefit: { rounds: all }',
      '"refit.rounds" is "all", expected one of last, every',
      '',
    ],
    [
      'an average that begins after the last round',
      'rounds: 1',
      'rounds: 1\naverage: { name: swa, from: 2 }',
      '"average.from" is 2, expected a round of the run, from 1 to 1',
      '',
    ],
  ])('is refused for %s', async (_, before, after, message, hint) => {
    const file = describedBy(description.replace(before, after));
    const got = await complaint(['run', file]);
    expect(got).toMatchObject({ status: 2, stdout: '', hint });
    expect(got.message).toContain(`commonweight: ${file}: ${message}`);
  });

  it('is refused for its syntax, with line and column', async () => {
    const file = describedBy(`${description}compare: [max\nseed: 1\n`);
    const { status, message } = await complaint(['run', file]);
    expect(status).toBe(2);
    expect(message).toMatch(new RegExp(`^commonweight: ${file}: line 8, column \\d+: `));
  });

  it('is refused where it is not there', async () => {
    expect(await complaint(['run', 'missing.yaml'])).toMatchObject({
      status: 2,
      message: 'commonweight: "missing.yaml" cannot be read: there is no such file',
    });
  });
});

describe.concurrent('flags that cannot be', () => {
  it.each([
    [
      ['run', '--strategy', 'absmx'],
      '--strategy is "absmx", expected one of mean, mean-equal, max, absmax',
      'did you mean "absmax"?',
    ],
    [
      ['run', '--compare', 'median,krum(f=1.5),mean'],
      '--compare is "krum(f=1.5)": "f" is 1.5, expected a whole number from 0',
      '',
    ],
    [
      ['merge', 'a', '--strategy', 'ties(on=weights)', '-o', 'c'],
      '--strategy is "ties(on=weights)": "on" is "weights", expected "updates"',
      '',
    ],
    [
      ['merge', 'a', '--strategy', 'ties', '-o', 'c'],
      'ties is applied to updates, but --base is missing',
      'name the file that the others started from',
    ],
    [['run', '--threshold', '1.2'], 'options: "local.threshold" is 1.2, expected a number from 0 to 1', ''],
    [
      ['run', '--reference', 'accuracy<=0.9'],
      'options: "reference.atMost" is 0.9, expected "atLeast"',
      'such as { metric: accuracy, atLeast: 0.9 }',
    ],
    [['run', '--reference', 'much'], '--reference is "much", expected a number, or a metric with one', ''],
    [
      ['reproduce', 'v', '--profile', 'papr'],
      '--profile is "papr", expected one of quick, paper, best',
      'did you mean "paper"?',
    ],
    [['run', '--sed', '1'], "unknown option '--sed'", 'Did you mean --seed?'],
    [['rum'], "unknown command 'rum'", 'Did you mean run?'],
    [
      ['run', '--json', 'no/such/folder.json'],
      '--json "no/such/folder.json" cannot be written: there is no folder "no/such"',
      'make it first',
    ],
  ])('%j', async (args, message, hint) => {
    const got = await complaint(args);
    expect(got.status).toBe(2);
    expect(got.message).toContain(`commonweight: ${message}`);
    expect(got.hint).toBe(hint);
  });
});

describe.concurrent('data that cannot be', () => {
  const broken = (name: string, change: (bytes: Buffer) => Uint8Array) => {
    mkdirSync(at(name));
    for (const file of readdirSync(sample)) copyFileSync(join(sample, file), at(name, file));
    const images = at(name, 'train-images-idx3-ubyte.gz');
    writeFileSync(images, change(readFileSync(images)));
    return complaint(['run', '--dataset', name, '--network', 'mlp', '--rounds', '1']);
  };

  it('is refused where a file is truncated', async () => {
    const { status, message, hint } = await broken('truncated', (bytes) => bytes.subarray(0, 1000));
    expect(status).toBe(2);
    expect(message).toMatch(/"truncated\/train-images-idx3-ubyte\.gz" is truncated or damaged/);
    expect(hint).toContain('again');
  });

  it('is refused where a file is something else', async () => {
    const { status, message } = await broken('wrong', () => Buffer.from('<html>not found</html>'));
    expect(status).toBe(2);
    expect(message).toContain('"wrong/train-images-idx3-ubyte.gz"');
  });

  it('is refused where there is none', async () => {
    const { status, message } = await complaint(['run', '--dataset', 'fashion-minst']);
    expect(status).toBe(2);
    expect(message).toContain('"fashion-minst" is neither a known data set nor a folder');
  });

  it('is refused where the known files are not in the folder given', async () => {
    mkdirSync(at('no-files'));
    const { status, message } = await complaint(['reproduce', 'v', '--data-dir', 'no-files']);
    expect(status).toBe(2);
    expect(message).toContain('"no-files" holds no t10k-labels-idx1-ubyte');
  });
});

describe.concurrent('models that cannot be merged', () => {
  const model = (file: string, shapes: Record<string, number[]>, values: number[]) => {
    const state = { layout: stateLayout(Object.entries(shapes)), data: Float32Array.from(values) };
    writeFileSync(at(file), encodeSafetensors(state));
  };
  model('a.safetensors', { w: [2] }, [1, 2]);
  model('shape.safetensors', { w: [1, 2] }, [1, 2]);
  model('name.safetensors', { v: [2] }, [1, 2]);
  model('nan.safetensors', { w: [2] }, [1, Number.NaN]);
  writeFileSync(at('short.safetensors'), readFileSync(at('a.safetensors')).subarray(0, 70));

  it.each([
    ['shape', '"w" is [1,2] in "shape.safetensors", expected [2]'],
    ['name', '"w" is missing in "name.safetensors"'],
    ['nan', '"w" is NaN at index 1 in "nan.safetensors", expected a finite number'],
    ['short', 'short.safetensors: the file is cut short'],
    ['none', 'cannot read "none.safetensors": there is no such file'],
  ])('%s', async (name, message) => {
    const output = `merged-${name}.safetensors`;
    const got = await complaint(['merge', 'a.safetensors', `${name}.safetensors`, '-o', output]);
    expect(got.status).toBe(2);
    expect(got.message).toContain(message);
    expect(readdirSync(folder)).not.toContain(output);
  });
});

describe.concurrent('a file of another format is called by its name', () => {
  writeFileSync(at('x.gguf'), Buffer.concat([Buffer.from('GGUF\x03'), Buffer.alloc(103)]));
  writeFileSync(at('p.png'), '');

  it.each([
    [['merge', 'x.gguf', 'x.gguf', '-o', 'o.safetensors']],
    [['export', 'x.gguf', '-o', 'o.onnx']],
    [['predict', 'x.gguf', 'p.png']],
    [['evaluate', 'x.gguf']],
    [['run', '--dataset', sample, '--network', 'mlp', '--rounds', '1', '--init', 'x.gguf']],
  ])('by %j', async (args) => {
    const got = await complaint(args);
    expect(got.status).toBe(2);
    expect(got.message).toBe(
      'commonweight: x.gguf: this is a GGUF file, expected weights: a file of safetensors, PyTorch (.pt, .bin) or NumPy (.npz)',
    );
    expect(got.hint).toContain('merge the safetensors files that it was made from');
  });
});

describe.concurrent('a run that cannot go on', () => {
  const short = ['run', '--dataset', sample, '--network', 'mlp', '--rounds', '1'];

  it('says who diverges, at which step, and what to try; its result says so too', async () => {
    const got = await complaint([...short, '--learning-rate', '1e6', '--out', 'wild', '--json', 'wild.json']);
    expect(got.status).toBe(2);
    expect(got.message).toMatch(
      /training diverges: the loss of "environment-\d" is \S+ at step \d+ of round 1$/,
    );
    expect(got.hint).toContain('smaller learning rate');
    const result = JSON.parse(readFileSync(at('wild.json'), 'utf8'));
    expect(result.stopped).toEqual({ reason: 'diverged', round: 1 });
  });

  it('names what is not finite in the model that it is to begin with', async () => {
    const layout = stateLayout([
      ['fc1.weight', [8, 784]],
      ['fc1.bias', [8]],
      ['fc2.weight', [10, 8]],
      ['fc2.bias', [10]],
    ]);
    const data = new Float32Array(8 * 784 + 8 + 80 + 10);
    data[5] = Number.NaN;
    writeFileSync(at('nan-start.safetensors'), encodeSafetensors({ layout, data }));
    const network = ['--network', '{"name":"mlp","hidden":[8]}'];
    const got = await complaint([...short, ...network, '--init', 'nan-start.safetensors']);
    expect(got.status).toBe(2);
    expect(got.message).toContain('"nan-start.safetensors": "fc1.weight" holds NaN, expected finite numbers');
  });

  it('says that the disk is full and stays whole: the same command resumes it', async () => {
    // A module that is loaded first and lets updates fail like a full disk does.
    const full = at('full-disk.mjs');
    writeFileSync(
      full,
      `import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
const { open } = fs;
fs.open = async (path, ...rest) => {
  const handle = await open(path, ...rest);
  if (String(path).includes('updates')) {
    handle.writeFile = async () => {
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });
    };
  }
  return handle;
};
syncBuiltinESMExports();
`,
    );
    const args = [...short, '--out', 'full'];
    const env = { NODE_OPTIONS: `--import=${pathToFileURL(full)}` };
    const got = await complaint(args, startedAnew(args, { ...inFolder, env }));
    expect(got.status).toBe(75);
    expect(got.message).toMatch(
      /"full\/updates\/round-1-environment-\d\.safetensors" cannot be written: no space is left/,
    );
    expect(got.hint).toContain('the run resumes');
    expect(readdirSync(at('full/updates'))).toEqual([]);
    const { status } = await commonweight(args, inFolder);
    expect(status).toBe(0);
  });

  it('says that a folder cannot be made, of whichever command', async () => {
    writeFileSync(at('file'), '');
    for (const args of [
      [...short, '--out', 'file/run'],
      ['serve', at('serve.yaml'), '--out', 'file/run', '--port', '0'],
    ]) {
      writeFileSync(
        at('serve.yaml'),
        `dataset: ${sample}\nmodel: { name: mlp }\noptimizer: { name: adam }
local: { epochs: 1 }\nrounds: 1\npartition: { name: v }\n`,
      );
      const { status, message } = await complaint(args);
      expect(status).toBe(2);
      expect(message).toContain('the folder "file/run" cannot be made: a part of the path is a file');
    }
  });

  it('leaves alone a folder that holds something else', async () => {
    mkdirSync(at('thesis'));
    writeFileSync(at('thesis/chapter-1.tex'), '');
    const { status, message } = await complaint([...short, '--out', 'thesis']);
    expect(status).toBe(2);
    expect(message).toContain('"thesis" holds "chapter-1.tex" and no run');
    expect(readdirSync(at('thesis'))).toEqual(['chapter-1.tex']);
  });
});
