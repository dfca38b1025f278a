/**
 * Weights that balance the classes, where `loss.classWeights` is "balanced": n/(classes·n_c) for a
 * class with n_c of n training examples (King and Zeng 2001), so that their mean over the examples
 * is 1. They follow from the data of all participants, and become numbers of the configuration: the
 * run folder keeps them, and a run that is resumed has the same.
 */
import { classCounts } from '../../../data/class-counts.js';
import { categoriesOf, type Dataset } from '../../../data/dataset.js';
import type { Share } from '../../../data/partition/partition.js';
import { type Configuration, ConfigurationError } from '../../../protocol/configuration/configuration.js';

/**
 * @param source the name of the configuration in errors
 * @throws ConfigurationError when the data have no classes, or a class has no training example
 */
export function withBalancedWeights(
  configuration: Configuration,
  train: Dataset,
  shares: readonly Share[],
  source: string,
): Configuration {
  const { loss } = configuration;
  if (loss.name !== 'softmax-cross-entropy' || loss.classWeights !== 'balanced') return configuration;
  const names = categoriesOf(train);
  const wrong = (problem: string, hint: string) =>
    new ConfigurationError(`${source}: "loss.classWeights" is "balanced", but ${problem}`, { hint });
  if (names.length === 0) throw wrong('the data have no classes', 'leave it out');
  const labels = train.targets[0]?.values ?? [];
  const ignored =
    train.targets[0]?.meaning.kind === 'categories' ? train.targets[0].meaning.ignored : undefined;
  const rows = shares.flatMap((share) => [...share.train]).filter((row) => labels[row] !== ignored);
  const counts = classCounts(labels, names.length, rows);
  const empty = counts.indexOf(0);
  if (empty >= 0) {
    throw wrong(
      `no training example is of the class "${names[empty]}"`,
      'leave the class out, or give a number for each class',
    );
  }
  const classWeights = Array.from(counts, (count) => rows.length / (names.length * count));
  return { ...configuration, loss: { ...loss, classWeights } };
}
