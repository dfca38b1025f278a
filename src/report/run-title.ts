/** Says in one line what a run trains. The same in Node and in a page. */
import { SITES } from '../data/settings.js';
import type { Configuration } from '../protocol/configuration/configuration.js';
import { datasetName } from '../protocol/configuration/dataset-name.js';
import { plural } from './numbers.js';

/**
 * `fashion-mnist, v: 2 participants train paper-cnn`; where each has its own data, `2 participants
 * train mlp on their own data`, after the coordinator's data set if it has one.
 */
export function runTitle({ dataset, partition, model }: Configuration): string {
  if (partition.name === 'own') {
    const test = dataset === 'none' || dataset === SITES ? '' : `${datasetName(dataset)}: `;
    const [train, their] = partition.participants === 1 ? ['trains', 'its'] : ['train', 'their'];
    return `${test}${plural(partition.participants, 'participant')} ${train} ${model.name} on ${their} own data`;
  }
  return `${datasetName(dataset)}, ${partition.name}: ${plural(partition.participants, 'participant')} train ${model.name}`;
}
