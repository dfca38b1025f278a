/** The configurations behind `commonweight reproduce`: the paper's experiment, quickly or to the letter. */
import type { ConfigurationInput } from '../protocol/configuration.js';

export const environments = ['v', 'h'] as const;
export type Environment = (typeof environments)[number];
export const profileNames = ['quick', 'paper'] as const;
export type ProfileName = (typeof profileNames)[number];

/**
 * - `paper` follows Lee 2021: initial weights of its own in each environment, Adam, at most 15 local epochs until a local
 *   validation accuracy of 0.914 in the first round and 0.92 after it, four rounds.
 * - `quick` is the same experiment within three minutes on two cores: shared initial weights, and settings that were found
 *   on validation data.
 */
export function profile(environment: Environment, name: ProfileName, seed: number): ConfigurationInput {
  const common: Pick<
    ConfigurationInput,
    'seed' | 'dataset' | 'partition' | 'model' | 'strategy' | 'compare'
  > = {
    seed,
    dataset: 'fashion-mnist',
    partition: { name: environment, participants: 2, validation: 0.1 },
    model: { name: 'paper-cnn' },
    strategy: 'mean',
    compare: ['max', 'absmax'],
  };
  if (name === 'paper') {
    return {
      ...common,
      initialWeights: 'independent',
      optimizer: { name: 'adam', learningRate: 1e-3 },
      batchSize: 64,
      local: { epochs: 15, firstThreshold: 0.914, threshold: 0.92 },
      rounds: 4,
      pooled: true,
      keep: 4,
    };
  }
  return {
    ...common,
    initialWeights: 'shared',
    // Mean and deviation of the set's training pixels.
    normalization: { mean: [0.286], deviation: [0.353] },
    optimizer: { name: 'adam', learningRate: 2e-3 },
    schedule: { name: 'one-cycle', warmUp: 0.2 },
    batchSize: 32,
    local: { epochs: 1 },
    rounds: 4,
    reference: 0.91,
  };
}
