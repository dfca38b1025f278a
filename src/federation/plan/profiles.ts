/**
 * The configurations of `commonweight reproduce`: the paper's experiment, quick, exact, or with the
 * best settings.
 */
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';

export const environments = ['v', 'h'] as const;
export type Environment = (typeof environments)[number];
export const profileNames = ['quick', 'paper', 'best'] as const;
export type ProfileName = (typeof profileNames)[number];

/** Mean and deviation of the set's training pictures. */
const normalization = { mean: [0.286], deviation: [0.353] };

type Recipe = Omit<ConfigurationInput, 'seed' | 'dataset' | 'partition' | 'strategy'>;

/**
 * - `paper` follows Lee 2021: own initial weights in each environment, Adam, at most 15 local
 *   epochs until a local validation accuracy of 0.914 in the first round and 0.92 after it, four
 *   rounds.
 * - `quick` is the same experiment within three minutes on two cores: common initial weights, and
 *   settings found on validation data.
 * - `best` is the same network from common initial weights, trained for up to an hour. It merges
 *   often: ten plain steps per round in V (60 epochs, 2,520 rounds), three or four in H (8 epochs,
 *   1,000 rounds). The momentum is the server's: with one step per merge this would be pooled
 *   training with Nesterov momentum.
 */
export function profile(environment: Environment, name: ProfileName, seed: number): ConfigurationInput {
  return {
    seed,
    dataset: 'fashion-mnist',
    partition: { name: environment, participants: 2, validation: 0.1 },
    strategy: 'mean',
    compare: ['max', 'absmax'],
    ...recipes[name](environment),
  };
}

const recipes: Readonly<Record<ProfileName, (environment: Environment) => Recipe>> = {
  paper: () => ({
    model: { name: 'paper-cnn' },
    initialWeights: 'independent',
    optimizer: { name: 'adam', learningRate: 1e-3 },
    batchSize: 64,
    local: { epochs: 15, firstThreshold: 0.914, threshold: 0.92 },
    rounds: 4,
    pooled: true,
    keep: 4,
  }),
  quick: () => ({
    model: { name: 'paper-cnn' },
    initialWeights: 'shared',
    normalization,
    optimizer: { name: 'adam', learningRate: 2e-3 },
    schedule: { name: 'one-cycle', warmUp: 0.2 },
    batchSize: 32,
    local: { epochs: 1 },
    rounds: 4,
    reference: 0.91,
  }),
  best: (environment) => bestRecipes[environment],
};

/** A few plain local steps per round; the momentum is the server's. */
const manyMerges = {
  model: { name: 'paper-cnn' },
  initialWeights: 'shared',
  normalization,
  optimizer: { name: 'sgd', learningRate: 0.05, weightDecay: 5e-4 },
  schedule: { name: 'cosine', warmUp: 0.05 },
  batchSize: 64,
  server: { name: 'fed-avg-m', learningRate: 1, momentum: 0.9, nesterov: true },
} as const;

const bestRecipes: Readonly<Record<Environment, Recipe>> = {
  v: {
    ...manyMerges,
    augmentation: { flip: true, shift: 1 },
    local: { steps: 10 },
    rounds: 2520,
    evaluateEvery: 252,
    refit: { rounds: 'last' },
  },
  h: {
    ...manyMerges,
    augmentation: { flip: true },
    local: {
      steps: [
        { from: 1, steps: 4 },
        { from: 401, steps: 3 },
      ],
    },
    rounds: 1000,
    evaluateEvery: 100,
  },
};
