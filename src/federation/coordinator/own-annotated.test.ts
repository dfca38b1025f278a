/** Federations whose owners have pictures with a table of labels, or with masks, over a real hub. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { servedOverHub } from '../../../test/served-over-hub.js';
import { png } from '../../data/images/png.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';
import { decodeSafetensors } from '../../tensor/safetensors.js';
import { runFederation } from './run-federation.js';

const folder = mkdtempSync(join(tmpdir(), 'commonweight-own-annotated-'));
afterAll(() => rmSync(folder, { recursive: true }));
const [HEIGHT, WIDTH, PICTURES] = [4, 6, 8];
const owners = ['seoul', 'busan'];

const picture = (value: (at: number) => number) =>
  png({
    ...{ width: WIDTH, height: HEIGHT, channels: 1 },
    bytes: Uint8Array.from({ length: WIDTH * HEIGHT }, (_, at) => value(at)),
  });

/** The left half of picture i is bright if i is odd. What is for the test is set apart. */
for (const [at, owner] of owners.entries()) {
  const rows: string[] = [];
  for (let i = 0; i < PICTURES; i++) {
    const part = i < 6 ? 'train' : 'test';
    const isBright = (place: number) => place % WIDTH < WIDTH / 2 && i % 2 === 1;
    const put = (path: string, bytes: Uint8Array) => {
      const target = join(folder, owner, path);
      mkdirSync(join(target, '..'), { recursive: true });
      writeFileSync(target, bytes);
    };
    put(
      `labelled/${part}/p${i}.png`,
      picture((place) => (isBright(place) ? 200 : 20) + place + at),
    );
    put(
      `masked/${part}/images/p${i}.png`,
      picture((place) => (isBright(place) ? 200 : 20) + place + at),
    );
    put(
      `masked/${part}/masks/p${i}.png`,
      picture((place) => (isBright(place) ? 2 : 1)),
    );
    rows.push(`p${i}.png,${i % 2},${at}\n`);
  }
  writeFileSync(join(folder, owner, 'labelled/labels.csv'), `file,bright,second\n${rows.join('')}`);
}

const settings: Omit<ConfigurationInput, 'model' | 'partition'> = {
  ...{ seed: 5, normalization: { mean: [0.5], deviation: [0.25] }, batchSize: 4 },
  ...{ optimizer: { name: 'adam', learningRate: 0.01 }, local: { epochs: 1 }, rounds: 1 },
};

describe('a federation across machines', () => {
  it.each([
    [
      'labels of a table',
      'labelled',
      { name: 'mlp', hidden: [4] },
      { labels: { file: 'labels.csv', columns: ['bright', 'second'] } },
    ],
    ['masks', 'masked', { name: 'unet' }, { masks: { folder: 'masks', classes: { dark: 1, bright: 2 } } }],
  ] as const)(
    'of pictures with %s makes the model of `run` on the same folders, but for rounding',
    async (_, kind, model, annotations) => {
      const places = owners.map((owner) => join(folder, owner, kind));
      const data = { kind: 'pictures', ...annotations } as const;
      const common = { ...settings, model, participants: owners };
      const joining = Object.fromEntries(owners.map((owner, at) => [owner, { data: places[at] as string }]));
      const served = await servedOverHub(
        mkdtempSync(join(folder, 'hub-')),
        {
          ...{ ...common, data, dataset: 'none', imageShape: [1, HEIGHT, WIDTH] },
          partition: { name: 'own', participants: 2 },
        },
        {},
        joining,
      );
      expect(served.outcomes.map((outcome) => (outcome instanceof Error ? outcome.message : 'done'))).toEqual(
        ['done', 'done'],
      );
      const out = join(folder, `run-${kind}`);
      const sites = { ...common, data: { ...data, sites: places } } as unknown as ConfigurationInput;
      await runFederation(sites, { out, workers: 1 });
      const [theirs, own] = [served.out, out].map(
        (path) => decodeSafetensors(readFileSync(join(path, 'model.safetensors')), path).state.data,
      );
      // The same pictures, but a simulation may have them in another order within a batch.
      const apart = Math.max(...(own ?? []).map((weight, at) => Math.abs(weight - (theirs?.[at] ?? NaN))));
      expect(apart).toBeLessThan(1e-5);
    },
  );
});
