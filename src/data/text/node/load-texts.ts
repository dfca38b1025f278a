/** Loads texts from files and folders of a disk. Node only. */
import { readFile, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { reasonOf } from '../../../base/node/reason.js';
import { type Dataset, type TrainTestSplit, withoutExamples } from '../../dataset.js';
import { DataError } from '../../error.js';
import { listFolder } from '../../images/node/list-folder.js';
import type { WantedPictures as WantedTexts } from '../../images/picture-tree.js';
import { piecesOf } from '../../tables/node/file-pieces.js';
import { splitTable } from '../../tables/node/load-table.js';
import { openSource } from '../../tables/node/parquet-source.js';
import { type ReadTextsOptions, readTexts, readUnlabelled } from '../read-texts.js';
import type { TextSet } from '../text-examples.js';
import { textsOfFile } from '../text-file.js';
import { type FoundTexts, textsOfFolder, undivided } from '../text-folder.js';
import type { TextSpec } from '../text-spec.js';

/** Where texts lie, and what they are for. */
export interface TextPlace {
  readonly path: string;
  readonly wanted: WantedTexts;
}

export interface LoadedTexts extends TrainTestSplit {
  readonly isWhole: boolean;
}

/**
 * The texts of each place, all with one length and the same classes. Where both are wanted and
 * nothing sets a test apart, it is a fifth of each class, by a seed.
 * @throws DataError when a file is not there, or has no such texts
 */
export async function loadTexts(
  places: readonly TextPlace[],
  spec: TextSpec,
  options: ReadTextsOptions,
): Promise<LoadedTexts[]> {
  const found = await Promise.all(places.map((place) => findTexts(place, spec)));
  const [train, test] = [found.flatMap(({ train }) => train ?? []), found.flatMap(({ test }) => test ?? [])];
  const sets = [...train, ...test];
  const datasets = await readTexts(sets, spec, options, train.length === 0 ? test : train);
  const of = (set: TextSet) => datasets[sets.indexOf(set)] as Dataset;
  return found.map(({ train, test, isWhole }, place) => {
    if (test !== undefined) {
      return { train: train === undefined ? withoutExamples(of(test)) : of(train), test: of(test), isWhole };
    }
    const own = of(train as TextSet);
    if (places[place]?.wanted === 'both') return { ...splitTable(own, options.paging), isWhole: false };
    return { train: own, test: withoutExamples(own), isWhole };
  });
}

/** All texts of a file or a folder, or those of its test, without labels: what a model predicts. */
export async function loadUnlabelled(path: string, spec: TextSpec, options: ReadTextsOptions) {
  const unlabelled = { ...spec, label: undefined };
  const { test } = await findTexts({ path, wanted: 'test' }, unlabelled);
  return readUnlabelled(test as TextSet, unlabelled, options);
}

async function findTexts({ path, wanted }: TextPlace, spec: TextSpec): Promise<FoundTexts> {
  const name = basename(resolve(path));
  const found = await stat(path).catch((cause) => {
    throw new DataError(`data: "${path}" cannot be read: ${reasonOf(cause)}`, {
      cause,
      hint: 'name a CSV, TSV, Parquet or JSONL file, or a folder with one folder for each class',
    });
  });
  if (!found.isDirectory()) {
    const file = { name, pieces: () => bytesOf(path), source: () => openSource(path) };
    const set = { path: name, name, examples: () => textsOfFile(file, spec) };
    return undivided(set, wanted);
  }
  return textsOfFolder({ path, name, list: listFolder }, spec, wanted, (file) => readFile(file));
}

async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  for await (const { piece } of piecesOf(path)) yield piece;
}
