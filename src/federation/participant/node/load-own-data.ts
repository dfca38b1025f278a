/** Loads a participant's data from a folder, or a known data set by its name. Node only. */
import { loadArrays } from '../../../data/arrays/node/load-arrays.js';
import { closeDatasets, type TrainTestSplit } from '../../../data/dataset.js';
import { annotationsOf } from '../../../data/images/labels/label-settings.js';
import { loadAnnotated } from '../../../data/images/labels/node/load-annotated.js';
import { type LoadDatasetOptions, loadDataset } from '../../../data/images/node/load-dataset.js';
import { inputSizeOf, pictureFacts } from '../../../data/images/picture-facts.js';
import { loadOwnTable } from '../../../data/tables/node/load-table.js';
import { loadTexts } from '../../../data/text/node/load-texts.js';
import { specFor, textSpec } from '../../../data/text/text-spec.js';
import { byteTokenizer, type Tokenizer } from '../../../data/text/tokenizer.js';
import type { ShareChoice } from '../../plan/share-choice.js';
import { type DescribedData, type OwnData, ownData } from '../own-data.js';

export interface OwnDataOptions
  extends Pick<
    LoadDatasetOptions,
    'dataDir' | 'onProgress' | 'onNotice' | 'signal' | 'mostBytes' | 'skipDamaged' | 'paging'
  > {
  /** The participant's part of the data set; all of it by default. */
  readonly choice?: ShareChoice | undefined;
  /** That of the federation; texts are read as bytes without one. */
  readonly tokenizer?: Tokenizer | undefined;
}

/**
 * @param spec what `loadDataset` takes
 * @throws DataError when the data cannot be read, or the federation is about other data than
 * settings describe; FederationError when its columns or categories are not those of the federation
 */
export async function loadOwnData(
  spec: string,
  name: string,
  described: DescribedData,
  { choice, tokenizer = byteTokenizer, ...options }: OwnDataOptions = {},
): Promise<OwnData> {
  const { data } = described.configuration;
  if (data?.kind === 'table') {
    const table = await loadOwnTable(spec, data, options);
    return ownData(table, name, described, choice, spec, options.onNotice);
  }
  const wanted = choice === undefined ? 'training' : 'both';
  if (data?.kind === 'arrays') {
    const { train, test } = await loadArrays(spec, data, { ...options, wanted });
    closeDatasets(test);
    return ownData(train, name, described, choice, spec, options.onNotice);
  }
  if (data?.kind === 'text') {
    const own = specFor(textSpec(data, tokenizer), described);
    const [loaded] = await loadTexts([{ path: spec, wanted }], own, options);
    const { train, test } = loaded as TrainTestSplit;
    closeDatasets(test);
    return ownData(train, name, described, choice, spec, options.onNotice);
  }
  const annotations = annotationsOf(data);
  if (annotations !== undefined) {
    const { train, test } = await loadAnnotated(spec, annotations, {
      ...{ ...options, ...inputSizeOf(described.inputs[0]?.shape ?? []) },
      ...{ wanted, fit: described.configuration.imageFit },
    });
    closeDatasets(test);
    return ownData(train, name, described, choice, spec, options.onNotice);
  }
  const { size } = pictureFacts(described, 'a folder');
  const { train, test } = await loadDataset(spec, {
    ...options,
    // Pictures are resized to fit. A share of a whole data set leaves out its test pictures.
    ...size,
    fit: described.configuration.imageFit,
    wanted,
  });
  closeDatasets(test);
  return ownData(train, name, described, choice, spec, options.onNotice);
}
