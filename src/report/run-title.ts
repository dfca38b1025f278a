/** Says in one line what a run trains. The same in Node and in a page. */
import type { Configuration } from '../protocol/configuration/configuration.js';
import { datasetName } from '../protocol/configuration/dataset-name.js';
import { plural } from './numbers.js';

/** `fashion-mnist, v: 2 participants train paper-cnn` */
export function runTitle({ dataset, partition, model }: Configuration): string {
  return `${datasetName(dataset)}, ${partition.name}: ${plural(partition.participants, 'participant')} train ${model.name}`;
}
