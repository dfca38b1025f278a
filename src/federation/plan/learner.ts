/** What is trained, by a configuration and the facts about the data: a network, what it is given, and its task. */
import { categoriesOf, type DataFacts } from '../../data/dataset.js';
import { networkOf, taskOf } from '../../engine/nn/by-name.js';
import type { Network } from '../../engine/nn/layers/network.js';
import { onPixels } from '../../engine/nn/models/normalize-pixels.js';
import type { Task } from '../../engine/nn/tasks/task.js';
import { type Configuration, ConfigurationError } from '../../protocol/configuration/configuration.js';
import { type ColumnSpec, specOf } from '../../tensor/column-spec.js';

export interface Learner {
  readonly network: Network;
  readonly inputs: readonly ColumnSpec[];
  readonly task: Task;
}

/**
 * @param own a network of the caller's; the configuration's model is then `{ name: 'custom' }`
 * @param source what errors call the configuration
 * @throws ConfigurationError when there is no such network, or a normalization of another number of channels
 */
export function learnerOf(
  configuration: Configuration,
  facts: DataFacts,
  own: Network | undefined,
  source: string,
): Learner {
  const { inputs, task } = sidesOf(configuration, facts);
  const network = networkFor(configuration, own, categoriesOf(facts).length, source);
  const [first] = facts.inputs;
  if (first?.meaning.kind !== 'picture') return { network, inputs, task };
  const { normalization } = configuration;
  checkNormalization(normalization, first.shape[0] ?? 1, source);
  return { network: onPixels(network, normalization), inputs, task };
}

/** What goes into a network and what is learned of it, whatever it is. */
export const sidesOf = ({ loss }: Configuration, facts: DataFacts): Pick<Learner, 'inputs' | 'task'> => ({
  inputs: facts.inputs.map(specOf),
  task: taskOf(loss, categoriesOf(facts).length),
});

function networkFor(
  { model }: Configuration,
  own: Network | undefined,
  classes: number,
  source: string,
): Network {
  if (model.name !== 'custom') {
    if (own === undefined) return networkOf(model, classes);
    throw new ConfigurationError(`${source}: a network is given, but "model.name" is "${model.name}"`, {
      hint: 'set "model" to { name: "custom" }, or leave the network out',
    });
  }
  if (own === undefined) {
    throw new ConfigurationError(`${source}: "model.name" is "custom", but no network is given`, {
      hint: 'pass `network`, or name one of paper-cnn, lenet5, mlp, resnet8',
    });
  }
  return own;
}

/** @throws ConfigurationError when the normalization is of another number of channels than the images. */
function checkNormalization(
  normalization: Configuration['normalization'],
  channels: number,
  source: string,
): void {
  for (const [name, numbers] of Object.entries(normalization)) {
    if (numbers.length === 1 || numbers.length === channels) continue;
    throw new ConfigurationError(
      `${source}: "normalization.${name}" has ${numbers.length} numbers, expected one, or one for each of the ${channels} channels of the images`,
    );
  }
}
