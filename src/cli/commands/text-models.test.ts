/** Texts from a file to a model, an evaluation and predictions. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { commonweight } from '../../../test/command-in-process.js';

const folder = mkdtempSync(join(tmpdir(), 'commonweight-texts-'));
afterAll(() => rmSync(folder, { recursive: true }));
const command = (...args: string[]) => commonweight(args, { cwd: folder });
const at = (name: string) => join(folder, name);
for (const name of ['brussels.csv', 'lisbon.jsonl']) copyFileSync(resolve('data/languages', name), at(name));

beforeAll(async () => {
  const init = await command('init', 'brussels.csv');
  expect(init.status, init.stderr).toBe(0);
  expect(init.stdout).toContain('federation.yaml: 175 texts of 4 classes');
  const run = await command('run', 'federation.yaml', '--rounds', '4', '--out', 'run');
  expect(run.status, run.stderr).toBe(0);
});

describe('init', () => {
  it('writes a file that a run takes: columns, classes and length', () => {
    const { dataset, data, model } = parse(readFileSync(at('federation.yaml'), 'utf8'));
    expect(dataset).toBe('./brussels.csv');
    expect(data).toEqual({
      ...{ kind: 'text', text: 'text', label: 'language', length: 400 },
      classes: ['Dutch', 'English', 'French', 'German'],
    });
    expect(model).toEqual({ name: 'bag-of-embeddings' });
  });

  it('takes a JSONL file, by the field that is named', async () => {
    const { status, stdout } = await command('init', 'lisbon.jsonl', '--out', 'lines.yaml');
    expect([status, stdout]).toEqual([0, expect.stringContaining('167 texts of 3 classes')]);
    expect(parse(readFileSync(at('lines.yaml'), 'utf8')).data.label).toBe('language');
    const wrong = await command('init', 'lisbon.jsonl', '--target', 'tongue', '--out', 'wrong.yaml');
    expect(wrong).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(
        'the first line of "lisbon.jsonl" has text, language, expected a text and "tongue"',
      ),
    });
  });
});

describe('a model of texts', () => {
  it('is measured on the test texts of its run, and on another file', async () => {
    const own = await command('evaluate', 'run/model.safetensors');
    expect(own.stdout, own.stderr).toMatch(/on 35 test examples/);
    const other = await command('evaluate', 'run/model.safetensors', '--dataset', 'brussels.csv');
    expect(other.stdout, other.stderr).toMatch(/on 175 examples of brussels.csv/);
    const foreign = await command('evaluate', 'run/model.safetensors', '--dataset', 'lisbon.jsonl');
    expect(foreign).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(
        /"lisbon.jsonl", line 1: the label is "Portuguese", expected one of Dutch/,
      ),
    });
  });

  it('predicts texts, with labels or without, empty ones too', async () => {
    const texts = ['Alle Menschen sind frei.', '', 'All human beings are free.'];
    writeFileSync(at('new.csv'), `text\n${texts.map((text) => `"${text}"`).join('\n')}\n`);
    writeFileSync(at('new.jsonl'), texts.map((text) => `${JSON.stringify({ text })}\n`).join(''));
    for (const file of ['new.csv', 'new.jsonl']) {
      const { status, stderr } = await command('predict', 'run/model.safetensors', file, '-o', `${file}.out`);
      expect(status, stderr).toBe(0);
    }
    const lines = readFileSync(at('new.csv.out'), 'utf8').trim().split('\n');
    expect(lines[0]).toBe('text,prediction,P(Dutch),P(English),P(French),P(German)');
    expect(lines).toHaveLength(4);
    expect(readFileSync(at('new.jsonl.out'), 'utf8')).toBe(readFileSync(at('new.csv.out'), 'utf8'));
    const shown = await command('predict', 'run/model.safetensors', 'brussels.csv');
    expect(shown.stdout).toContain('and 165 more texts of 175');
  });

  it('by a tokenizer.json finds that file beside it', async () => {
    copyFileSync(resolve('test/fixtures/tokenizers/bytes-bpe.json'), at('own.json'));
    const file = readFileSync(at('federation.yaml'), 'utf8');
    writeFileSync(at('tokens.yaml'), file.replace('  length: 400', '  tokenizer: ./own.json\n  length: 64'));
    const run = await command('run', 'tokens.yaml', '--rounds', '1', '--out', 'tokens');
    expect(run.status, run.stderr).toBe(0);
    rmSync(at('own.json'));
    writeFileSync(at('one.csv'), 'text\nAlle Menschen sind frei.\n');
    const predicted = await command('predict', 'tokens/model.safetensors', 'one.csv');
    expect(predicted.status, predicted.stderr).toBe(0);
    const measured = await command('evaluate', 'tokens/model.safetensors', '--dataset', 'brussels.csv');
    expect(measured.stdout, measured.stderr).toMatch(/on 175 examples of brussels.csv/);
    rmSync(at('tokens/tokenizer.json'));
    expect(await command('predict', 'tokens/model.safetensors', 'one.csv')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(
        /reads texts by a tokenizer.json with the SHA-256 [0-9a-f]{64}, which is not here/,
      ),
    });
  });

  it('says of a file without the column what it lacks', async () => {
    writeFileSync(at('other.csv'), 'review\nhello\n');
    expect(await command('predict', 'run/model.safetensors', 'other.csv')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('"other.csv", line 1: no column is called "text", got review'),
    });
  });
});
