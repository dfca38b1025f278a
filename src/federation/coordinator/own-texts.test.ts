/** Federations whose owners have texts: in a simulation, and over a real hub. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { overHub, servedOver } from '../../../test/served-over.js';
import { servedOverHub } from '../../../test/served-over-hub.js';
import { sha256HexNow } from '../../base/sha256.js';
import { DataError } from '../../data/error.js';
import { replayRun } from '../../experiments/replay.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';
import { decodeSafetensors } from '../../tensor/safetensors.js';
import { runFederation } from './run-federation.js';

const at = (file: string) => resolve('data/languages', file);
const folder = mkdtempSync(join(tmpdir(), 'own-texts-'));
afterAll(() => rmSync(folder, { recursive: true }));
const example = parse(readFileSync(at('federation.yaml'), 'utf8'));
const sites = example.data.sites.map(at);
const settings = { ...example, seed: 1, rounds: 6 };

describe('a simulation with texts for each site', () => {
  it('trains each on its own, tests on a fifth of each class, and is replayed', async () => {
    const out = join(folder, 'simulated');
    const notices: string[] = [];
    const { result } = await runFederation(
      { ...settings, data: { ...settings.data, sites } },
      { out, workers: 1, observer: { onNotice: (notice) => notices.push(notice) } },
    );
    const [first] = result.rounds;
    expect(first?.participants.map(({ name, examples }) => [name, examples])).toEqual([
      ['brussels', 126],
      ['lisbon', 121],
      ['zurich', 99],
    ]);
    expect(result.rounds.at(-1)?.merged.mean?.test?.accuracy).toBeGreaterThan(0.5);
    expect(notices).toContainEqual(
      expect.stringMatching(/"brussels.csv": \d+ of 175 texts are longer than 192/),
    );
    expect((await replayRun(out, { workers: 1 })).differences).toEqual([]);
  });

  it('gives a model that reads the bytes of texts, however many texts there are', async () => {
    const session = await InferenceSession.create(readFileSync(join(folder, 'simulated', 'model.onnx')));
    const texts = ['Everyone has the right to education.', 'Jeder hat das Recht auf Bildung.'];
    const ids = new Int32Array(2 * 192);
    for (const [row, text] of texts.entries()) ids.set(new TextEncoder().encode(text), row * 192);
    const { probabilities } = await session.run({ tokens: new Tensor('int32', ids, [2, 192]) });
    const values = probabilities?.data as Float32Array;
    const likeliest = [0, 1].map((row) => {
      const own = [...values.subarray(7 * row, 7 * row + 7)];
      return settings.data.classes[own.indexOf(Math.max(...own))];
    });
    expect(likeliest).toEqual(['English', 'German']);
  });

  it('trains a transformer on one file that is dealt out, with the classes that it has', async () => {
    const { result, model } = await runFederation(
      {
        ...{ ...settings, rounds: 1, local: { steps: 2 }, dataset: at('lisbon.jsonl') },
        data: { kind: 'text', label: 'language', length: 16 },
        partition: { name: 'iid', participants: 2 },
        model: { name: 'transformer', width: 8, layers: 1, heads: 2 },
      },
      { workers: 1 },
    );
    expect(result.rounds).toHaveLength(1);
    const shapes = new Map(model?.layout.map(({ name, shape }) => [name, shape]));
    expect(shapes.get('positions.weight')).toEqual([16, 8]);
    expect(shapes.get('fc.bias')).toEqual([3]);
  });
});

describe('texts by a tokenizer.json', () => {
  const tokenizer = resolve('test/fixtures/tokenizers/unigram.json');
  const { sites: _, ...data } = settings.data;
  const ofTokens = { ...data, tokenizer, length: 64 };

  it('train a model whose files say which tokenizer it reads by, and keep it beside them', async () => {
    const out = join(folder, 'tokens');
    const configuration = { ...settings, data: { ...ofTokens, sites }, rounds: 2 };
    const { model } = await runFederation(configuration, { out, workers: 1 });
    expect(model?.layout[0]).toMatchObject({ name: 'embedding.weight', shape: [500, 32] });
    const kept = readFileSync(join(out, 'tokenizer.json'));
    expect(kept).toEqual(readFileSync(tokenizer));
    expect((await replayRun(out, { workers: 1 })).differences).toEqual([]);
    const { metadata } = decodeSafetensors(readFileSync(join(out, 'model.safetensors')), 'it');
    const [{ meaning }] = JSON.parse(metadata.inputs ?? '[]');
    expect(meaning).toEqual({
      ...{ kind: 'tokens', vocabulary: 500, padding: 1, field: 'text' },
      tokenizer: sha256HexNow(kept),
    });
    const onnx = readFileSync(join(out, 'model.onnx')).toString('latin1');
    expect(onnx).toContain(sha256HexNow(kept));
  });

  it('are read by all owners as by the coordinator’s file, which travels', async () => {
    const out = mkdtempSync(join(folder, 'served-'));
    const participants = ['brussels', 'lisbon'];
    const configuration: ConfigurationInput = {
      ...{ ...settings, data: ofTokens, dataset: 'none', participants, rounds: 1 },
      partition: { name: 'own', participants: 2, validation: 0.2 },
    };
    const own = join(folder, 'brussels-folder');
    const joining = {
      brussels: { data: at('brussels.csv'), folder: own },
      lisbon: { data: at('lisbon.jsonl') },
    };
    const { result, outcomes } = await servedOverHub(out, configuration, {}, joining);
    expect(outcomes.filter((outcome) => outcome instanceof Error)).toEqual([]);
    expect(result.rounds).toHaveLength(1);
    expect(readFileSync(join(own, 'tokenizer.json'))).toEqual(readFileSync(tokenizer));
    const agreed = JSON.parse(readFileSync(join(own, 'description.json'), 'utf8'));
    expect(agreed.tokenizer.sha256).toBe(agreed.inputs[0].meaning.tokenizer);
    expect(agreed.configuration.data.tokenizer).toBeUndefined();
  });

  it('are refused where the file is not there, or is another one', async () => {
    const missing = { ...ofTokens, tokenizer: join(folder, 'nowhere.json'), sites };
    await expect(runFederation({ ...settings, data: missing }, { workers: 1 })).rejects.toThrow(
      'nowhere.json" cannot be read',
    );
    const other = join(folder, 'other.json');
    writeFileSync(other, readFileSync(resolve('test/fixtures/tokenizers/wordpiece.json')));
    const again = { ...settings, data: { ...ofTokens, tokenizer: other, sites }, rounds: 2 };
    await expect(runFederation(again, { out: join(folder, 'tokens'), workers: 1 })).rejects.toThrow();
  });
});

describe('a federation whose owners join with texts', () => {
  const participants = ['brussels', 'lisbon', 'zurich'];
  const {
    data: { sites: _, ...data },
    ...others
  } = settings;
  const configuration: ConfigurationInput = {
    ...{ ...others, data, dataset: 'none', participants, rounds: 2 },
    partition: { name: 'own', participants: 3, validation: 0.2 },
  };
  /** The texts of Zurich as a folder. */
  const zurich = join(folder, 'zurich');
  for (const [number, line] of readFileSync(at('zurich.csv'), 'utf8').trim().split('\n').slice(1).entries()) {
    const [, text = '', language = ''] = /^"?(.*?)"?,(\w+)$/.exec(line) ?? [];
    mkdirSync(join(zurich, language), { recursive: true });
    writeFileSync(join(zurich, language, `${number}.txt`), text.replaceAll('""', '"'));
  }
  const joining = {
    ...{ brussels: { data: at('brussels.csv') }, lisbon: { data: at('lisbon.jsonl') } },
    zurich: { data: zurich },
  };

  it('comes to one model, without texts of the coordinator and with some', async () => {
    for (const dataset of ['none', at('zurich.csv')]) {
      const out = mkdtempSync(join(folder, 'served-'));
      const { result, outcomes } = await servedOverHub(out, { ...configuration, dataset }, {}, joining);
      expect(outcomes.filter((outcome) => outcome instanceof Error)).toEqual([]);
      expect(result.rounds[0]?.participants.map(({ examples }) => examples)).toEqual([140, 134, 110]);
      expect(result.rounds.at(-1)?.merged.mean?.test === undefined).toBe(dataset === 'none');
    }
  });

  it('tells an owner what is wrong with its texts, before it joins', async () => {
    const path = join(folder, 'lisbon.csv');
    const problems = [
      ['text,language\nOlá,Portugese\n', 'the label is "Portugese", expected one of Dutch, English'],
      ['text,lang\nOlá,Portuguese\n', 'no column is called "language"'],
      ['text,language\n,Portuguese\n', 'nothing to learn from: 1 of 1 texts is empty'],
    ] as const;
    const errors: unknown[] = [];
    const served = mkdtempSync(join(folder, 'served-'));
    let outcomes: Promise<unknown[]> | undefined;
    await servedOver(await overHub(served), served, configuration, {}, ({ join: joined }) => {
      outcomes = (async () => {
        for (const [texts] of problems) {
          writeFileSync(path, texts);
          errors.push(await joined('lisbon', { data: path }));
        }
        return Promise.all(Object.entries(joining).map(([name, own]) => joined(name, own)));
      })();
    });
    expect((await outcomes)?.filter((outcome) => outcome instanceof Error)).toEqual([]);
    for (const [at, [, said]] of problems.entries()) {
      expect(errors[at]).toBeInstanceOf(DataError);
      expect((errors[at] as DataError).message).toContain(said);
    }
  });

  it('is refused by serve where nothing says the length or the classes', async () => {
    for (const [field, declared] of [
      ['length', { ...data, length: undefined }],
      ['classes', { ...data, classes: undefined }],
    ] as const) {
      const out = join(folder, `undeclared-${field}`);
      await expect(servedOverHub(out, { ...configuration, data: declared }, {}, {})).rejects.toThrow(
        `"data.${field}" is not declared`,
      );
    }
  });
});
