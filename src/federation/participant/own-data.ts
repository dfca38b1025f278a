/**
 * A participant's data in a federation across machines: a data set of its own, in the federation's
 * columns. For a demonstration it is the part that `run` would deal out to one participant.
 */

import { checkDataset, type Dataset } from '../../data/dataset.js';
import { type Partitioner, partition, type Share } from '../../data/partition/partition.js';
import type { Description } from '../../protocol/description.js';
import type { ShareChoice } from '../plan/share-choice.js';
import { fitData } from './fit-data.js';

export interface OwnData {
  /** In the federation's columns, with its numbers for categories. */
  readonly dataset: Dataset;
  /** The participant's share of it, under the participant's name. */
  readonly share: Share;
}

/** What the federation's description says about the data. */
export type DescribedData = Pick<Description, 'configuration' | 'inputs' | 'targets'>;

/**
 * @param choice the part of the set that is the participant's; all of it by default
 * @param spec the name of the data set in errors
 * @throws FederationError when its columns or categories are not those of the federation
 */
export function ownData(
  train: Dataset,
  name: string,
  described: DescribedData,
  choice?: ShareChoice,
  spec = train.name,
  onNotice?: (notice: string) => void,
): OwnData {
  checkDataset(train);
  const dataset = fitData(train, described, { spec, onNotice });
  return { dataset, share: shareOf(dataset, name, described, choice) };
}

function shareOf(
  dataset: Dataset,
  name: string,
  { configuration: { seed, partition: setting } }: DescribedData,
  { partitioner, part, parts }: ShareChoice = { partitioner: everything, part: 1, parts: 1 },
): Share {
  const options = { participants: parts, seed, validationFraction: setting.validation };
  const share = partition(dataset, partitioner, options)[part - 1] as Share;
  return { ...share, name };
}

const everything: Partitioner = {
  name: 'everything',
  settings: {},
  split: (groups) => [Uint32Array.from(groups, (_, index) => index)],
};
