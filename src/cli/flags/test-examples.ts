/**
 * The examples of tables, arrays or texts on which a model is measured: of a file, or of its run.
 */
import { arraySettingsOf } from '../../data/arrays/array-columns.js';
import { loadArrays } from '../../data/arrays/node/load-arrays.js';
import { closeDatasets, type DataFacts, type Dataset, describeMeant } from '../../data/dataset.js';
import { DataError } from '../../data/error.js';
import { type LoadDataOptions, loadRecordedData } from '../../data/node/load-data.js';
import { testFileOf } from '../../data/settings.js';
import { readsTable } from '../../data/tables/model-columns.js';
import { loadLearnedRows } from '../../data/tables/node/load-rows.js';
import { type LoadedTexts, loadTexts } from '../../data/text/node/load-texts.js';
import { parseConfiguration } from '../../protocol/configuration/configuration.js';
import { UsageError } from '../terminal/error.js';
import type { OpenedDataModel } from './open-data-model.js';
import { settingsOfRun } from './settings-of-run.js';

export interface TestExamplesFlags {
  /** A table, all of whose rows are taken, arrays, or texts. */
  readonly dataset?: string | undefined;
  /** Where the data of the run lie now. */
  readonly data?: string | undefined;
}

export interface TestExamples {
  readonly test: Dataset;
  readonly name: string;
  readonly part: 'test' | 'whole';
}

/**
 * @param path the file of the model
 * @throws UsageError when its settings are not beside it, or say of no test examples
 */
export async function testExamples(
  path: string,
  { facts, settings, texts }: OpenedDataModel,
  { dataset, data }: TestExamplesFlags,
  options: LoadDataOptions,
): Promise<TestExamples> {
  if (dataset !== undefined && texts !== undefined) {
    const [loaded] = await loadTexts([{ path: dataset, wanted: 'test' }], texts, options);
    const { test, isWhole } = loaded as LoadedTexts;
    return { test, name: dataset, part: isWhole ? 'whole' : 'test' };
  }
  if (dataset !== undefined && !readsTable(facts.inputs)) return arraysOf(dataset, facts, options);
  if (settings === undefined && readsTable(facts.inputs)) {
    throw new UsageError(`"${path}" does not say what of a table it has learned`, {
      hint: 'the settings beside it do: leave it in the folder of its run (configuration.yaml) or of join (description.json)',
    });
  }
  if (dataset !== undefined && settings !== undefined) {
    return { test: await loadLearnedRows(dataset, facts, settings, options), name: dataset, part: 'whole' };
  }
  const ofRun = await settingsOfRun(path);
  if (ofRun?.dataset === undefined) {
    throw new UsageError(`"${path}" does not say where its data are`, { hint: 'name a file with --dataset' });
  }
  const run = parseConfiguration(ofRun, path);
  const name = data ?? testFileOf(run.data) ?? run.dataset;
  if (run.dataset !== 'none' || testFileOf(run.data) !== undefined) {
    const { train, test } = await loadRecordedData(run, data, options);
    closeDatasets(train);
    if (test.examples > 0) return { test, name, part: 'test' };
  }
  throw new UsageError(`the run of "${path}" held out nothing for the test`, {
    hint: 'name a file with --dataset',
  });
}

/** Those for the test, where a file sets some apart. */
async function arraysOf(file: string, facts: DataFacts, options: LoadDataOptions): Promise<TestExamples> {
  const { test, isWhole } = await loadArrays(file, arraySettingsOf(facts), { ...options, wanted: 'test' });
  const columns = (of: DataFacts) => [...of.inputs, ...of.targets].map(describeMeant).join(', ');
  if (columns(test) === columns(facts)) return { test, name: file, part: isWhole ? 'whole' : 'test' };
  closeDatasets(test);
  throw new DataError(`data: "${file}" has ${columns(test)}, but the model is of ${columns(facts)}`);
}
