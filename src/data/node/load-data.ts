/**
 * Loads the data that settings describe, of any kind: one data set that is dealt out, or in a
 * simulation those of each site. Node only.
 */
import { basename, dirname, join, resolve } from 'node:path';
import { loadArrays } from '../arrays/node/load-arrays.js';
import { concatenated } from '../concatenated.js';
import { closeDatasets, type Dataset, type TrainTestSplit, withoutExamples } from '../dataset.js';
import { DataError } from '../error.js';
import { type AnnotationSettings, annotationsOf } from '../images/labels/label-settings.js';
import { loadAnnotated, loadAnnotatedSites } from '../images/labels/node/load-annotated.js';
import {
  type DatasetSettings,
  datasetPath,
  type LoadDatasetOptions,
  loadDatasetOf,
  orSayMoved,
} from '../images/node/load-dataset.js';
import { loadPictureSites } from '../images/node/picture-sites.js';
import { type PictureExtent, pictureExtentOf } from '../images/picture-size.js';
import { type ArraySettings, type DataSettings, SITES, siteName, sitesOf, testFileOf } from '../settings.js';
import type { TableSettings } from '../tables/column-specs.js';
import { loadOwnTable, loadTables, splitTable } from '../tables/node/load-table.js';
import { loadTexts } from '../text/node/load-texts.js';
import { openedSpec } from '../text/node/open-tokenizer.js';
import type { TextSettings } from '../text/text-spec.js';

/** The settings of a configuration that say what its data are. */
export interface DataToLoad extends DatasetSettings {
  readonly data?: DataSettings | undefined;
}

/** The settings of tables, and of the names of their sites. */
export type TablesToLoad = Pick<DataToLoad, 'data' | 'dataset'> & {
  readonly participants?: readonly string[] | undefined;
};

export type LoadDataOptions = Omit<LoadDatasetOptions, 'wanted'>;

/**
 * The data of settings. Where participants elsewhere bring their own data, those are a
 * coordinator's, for the test alone.
 * @param moved where they lie now, if they were moved: for sites, the folder that holds them
 * @throws DataError when they cannot be read; the signal's reason when it is aborted
 */
export async function loadDataOf(
  settings: DataToLoad,
  options: LoadDataOptions = {},
  moved?: string,
): Promise<TrainTestSplit> {
  const { data } = settings;
  const sites = sitesOf(data);
  const testFile = testFileOf(data);
  if (testFile !== undefined) return withTestFile(settings, testFile, options, moved);
  const places = moved === undefined ? sites : sites?.map((site) => join(moved, basename(resolve(site))));
  const annotations = annotationsOf(data);
  if (annotations !== undefined) return loadAnnotatedOf(settings, annotations, places, options, moved);
  if (data?.kind === 'text') return loadTextsOf(settings, data, places, options, moved);
  if (data?.kind === 'arrays') return loadArraysOf(settings, data, places, options, moved);
  if (places === undefined) {
    return data?.kind === 'table'
      ? loadTableOf(settings, data, options, moved)
      : loadDatasetOf(settings, options, moved);
  }
  return joined(
    data?.kind === 'table'
      ? (await loadTables(places, data, options)).map((table) => splitTable(table, options.paging))
      : await loadPictureSites(places, settings, options),
    options,
  );
}

/**
 * All of `dataset`, or of the sites, is for training; of a coordinator whose participants bring
 * their own data, nothing.
 */
async function withTestFile(
  { data, dataset, partition }: DataToLoad,
  testFile: string,
  options: LoadDataOptions,
  moved: string | undefined,
): Promise<TrainTestSplit> {
  const sites = sitesOf(data);
  const near = sites === undefined ? moved && dirname(moved) : moved;
  const placed = (place: string) => (near === undefined ? place : join(near, basename(resolve(place))));
  if (sites === undefined && partition.name === 'own') {
    const [test] =
      data?.kind === 'table'
        ? [await loadOwnTable(placed(testFile), data, options)]
        : ((await loadWhole([placed(testFile)], data, options)) as [Dataset]);
    return { train: withoutExamples(test), test };
  }
  const files = sites?.map(placed) ?? [moved ?? dataset];
  const loaded = await loadWhole([...files, placed(testFile)], data, options);
  const [test, trains] = [loaded.at(-1) as Dataset, loaded.slice(0, -1)];
  if (sites === undefined) return { train: trains[0] as Dataset, test };
  const train = concatenated(SITES, trains, options.paging);
  closeDatasets(...trains);
  return { train, test, sites: trains.map(({ examples }) => examples) };
}

/** All examples of each file; the last file is for the test. */
async function loadWhole(files: readonly string[], data: DataSettings | undefined, options: LoadDataOptions) {
  if (data?.kind === 'table') return loadTables(files, data, options);
  if (data?.kind === 'text') return loadWholeTexts(files, data, options);
  const loaded: Dataset[] = [];
  try {
    for (const [at, file] of files.entries()) {
      const wanted = at === files.length - 1 ? 'test' : 'training';
      const { train, test } = await loadArrays(file, data as ArraySettings, { ...options, wanted });
      loaded.push(wanted === 'test' ? test : train);
    }
  } catch (error) {
    closeDatasets(...loaded);
    throw error;
  }
  return loaded;
}

/**
 * The tables of settings as they are, each with the name of its site; a single one is named after
 * its file.
 * @throws DataError when the data are no tables, or cannot be read
 */
export async function loadSiteTables(
  { data, dataset, participants }: TablesToLoad,
  options: LoadDataOptions = {},
): Promise<readonly { readonly name: string; readonly dataset: Dataset }[]> {
  if (data?.kind !== 'table' || (data.sites === undefined && dataset === 'none')) {
    const got = data?.kind === 'table' ? '"dataset" is "none"' : `they are ${data?.kind ?? 'pictures'}`;
    throw new DataError(`data: ${got}, expected a table`, {
      hint: 'name a CSV file by "dataset", or one for each site by "data.sites"; "data" says what its columns are',
    });
  }
  const places = data.sites ?? [dataset];
  const tables = await loadTables(places, data, options);
  const names = data.sites === undefined ? undefined : participants;
  return tables.map((table, i) => ({ name: names?.[i] ?? siteName(places[i] as string), dataset: table }));
}

async function loadAnnotatedOf(
  { dataset, partition, imageSize, imageFit: fit, skipDamaged }: DataToLoad,
  annotations: AnnotationSettings,
  sites: readonly string[] | undefined,
  options: LoadDataOptions,
  moved = dataset,
): Promise<TrainTestSplit> {
  const extent: Partial<PictureExtent> = imageSize === undefined ? {} : pictureExtentOf(imageSize);
  const all = { ...extent, fit, skipDamaged, ...options };
  if (sites !== undefined) return joined(await loadAnnotatedSites(sites, annotations, all), options);
  const wanted = partition.name === 'own' ? 'test' : 'both';
  return loadAnnotated(moved, annotations, { ...all, wanted });
}

async function loadTableOf(
  { dataset, partition }: DataToLoad,
  data: TableSettings,
  options: LoadDataOptions,
  moved = dataset,
): Promise<TrainTestSplit> {
  if (partition.name !== 'own') {
    const [table] = await loadTables([moved], data, options);
    return splitTable(table as Dataset, options.paging);
  }
  const test = await loadOwnTable(moved, data, options);
  return { train: withoutExamples(test), test };
}

async function loadArraysOf(
  { dataset, partition }: DataToLoad,
  data: ArraySettings,
  sites: readonly string[] | undefined,
  options: LoadDataOptions,
  moved = dataset,
): Promise<TrainTestSplit> {
  if (sites === undefined) {
    return loadArrays(moved, data, { ...options, wanted: partition.name === 'own' ? 'test' : 'both' });
  }
  const loaded: TrainTestSplit[] = [];
  try {
    for (const site of sites) loaded.push(await loadArrays(site, data, options));
  } catch (error) {
    for (const { train, test } of loaded) closeDatasets(train, test);
    throw error;
  }
  return joined(loaded, options);
}

async function loadTextsOf(
  { dataset, partition }: DataToLoad,
  data: TextSettings,
  sites: readonly string[] | undefined,
  options: LoadDataOptions,
  moved = dataset,
): Promise<TrainTestSplit> {
  const wanted = sites === undefined && partition.name === 'own' ? 'test' : 'both';
  const places = (sites ?? [moved]).map((path) => ({ path, wanted }) as const);
  const loaded = await loadTexts(places, await openedSpec(data), options);
  return sites === undefined ? (loaded[0] as TrainTestSplit) : joined(loaded, options);
}

async function loadWholeTexts(files: readonly string[], data: TextSettings, options: LoadDataOptions) {
  const wanted = (at: number) => (at === files.length - 1 ? 'test' : 'training');
  const places = files.map((path, at) => ({ path, wanted: wanted(at) }) as const);
  const loaded = await loadTexts(places, await openedSpec(data), options);
  return loaded.map(({ train, test }, at) => (wanted(at) === 'test' ? test : train));
}

/** The sites one after another; `sites` says how many training examples each has. */
function joined(loaded: readonly TrainTestSplit[], { paging }: LoadDataOptions): TrainTestSplit {
  const all = (part: 'train' | 'test'): Dataset =>
    concatenated(
      SITES,
      loaded.map((site) => site[part]),
      paging,
    );
  const split = { train: all('train'), test: all('test') };
  for (const { train, test } of loaded) closeDatasets(train, test);
  return { ...split, sites: loaded.map(({ train }) => train.examples) };
}

/**
 * Loads the data of a recorded run, which may have been moved since.
 * @throws DataError when they cannot be read; how to say where they lie now
 */
export const loadRecordedData = (
  settings: DataToLoad,
  moved: string | undefined,
  options: LoadDataOptions = {},
): Promise<TrainTestSplit> => orSayMoved(loadDataOf(settings, options, moved), moved);

/** The settings as a run stores them, so that the data are found from another working directory. */
export function locatedData<Settings extends DataToLoad>(settings: Settings): Settings {
  const { data, dataset } = settings;
  const [sites, test] = [sitesOf(data)?.map((site) => resolve(site)), testFileOf(data)];
  const tokenizer = data?.kind === 'text' ? data.tokenizer : undefined;
  const files = {
    ...(sites && { sites }),
    ...(test && { test: resolve(test) }),
    ...(tokenizer && { tokenizer: resolve(tokenizer) }),
  };
  return {
    ...settings,
    ...(sites === undefined && { dataset: datasetPath(dataset) }),
    ...(data && { data: { ...data, ...files } }),
  };
}
