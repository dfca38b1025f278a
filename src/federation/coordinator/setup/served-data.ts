/**
 * The description of the data of a federation across machines, and the coordinator's test data: a
 * data set of a program, a folder or a known set of pictures, or only settings if the coordinator
 * has no data. Node only.
 */
import { describedArrays } from '../../../data/arrays/array-columns.js';
import { checkDataset, closeDatasets, type DataFacts, type Dataset } from '../../../data/dataset.js';
import { describedPictures } from '../../../data/images/labels/annotation-columns.js';
import { annotationsOf } from '../../../data/images/labels/label-settings.js';
import { picturesOfSettings } from '../../../data/images/settings.js';
import { type LoadDataOptions, loadDataOf, locatedData } from '../../../data/node/load-data.js';
import { describedTable } from '../../../data/tables/described-table.js';
import { describedTexts } from '../../../data/text/described-texts.js';
import { tokenizerOf } from '../../../data/text/node/open-tokenizer.js';
import type { Configuration, ConfigurationInput } from '../../../protocol/configuration/configuration.js';
import { withOwnNormalization } from './own-normalization.js';

export interface ServedData {
  /** The configuration, with the normalization of pictures. */
  readonly configuration: Configuration;
  readonly facts: DataFacts;
  /** The test data; they may have no examples. */
  readonly test: Dataset;
}

interface DataOptions extends LoadDataOptions {
  readonly test: Dataset | undefined;
  /** The run folder. */
  readonly out: string;
}

/** @param input the configuration as it was given */
export async function servedData(
  configuration: Configuration,
  input: ConfigurationInput,
  { test: given, out, ...options }: DataOptions,
): Promise<ServedData> {
  const { onNotice } = options;
  if (given !== undefined) {
    checkDataset(given);
    return {
      configuration: await withOwnNormalization(configuration, input, given, out, onNotice),
      facts: given,
      test: given,
    };
  }
  const described = await describedBy(configuration);
  if (described !== undefined) return { configuration, facts: described, test: described };
  const { train, test } = await loadDataOf(configuration, options);
  const measured = train.examples > 0 ? train : test;
  const located = locatedData(configuration);
  const normalized = await withOwnNormalization(located, input, measured, out, onNotice);
  closeDatasets(train);
  return { configuration: normalized, facts: test, test };
}

/** The data as settings alone describe them; undefined if the coordinator has some. */
async function describedBy(configuration: Configuration): Promise<Dataset | undefined> {
  const { data, dataset } = configuration;
  const annotations = annotationsOf(data);
  if (annotations !== undefined) return describedPictures(configuration, annotations);
  if (data === undefined || data.kind === 'pictures') return picturesOfSettings(configuration);
  if (dataset !== 'none' || data.test !== undefined) return undefined;
  switch (data.kind) {
    case 'table':
      return describedTable(data);
    case 'arrays':
      return describedArrays(data);
    case 'text':
      return describedTexts(data, await tokenizerOf(data));
  }
}
