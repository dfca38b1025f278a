/** Ten participants, two of whom attack: what each strategy bears. */
import type { ConfigurationInput } from '../src/protocol/configuration/configuration.js';
import { test } from './queue/measures.js';
import type { Study, Variation } from './queue/study.js';

/**
 * trim and tau by validation accuracy under attack: of 0.2, 0.3 and 0.4, and of 0.5, 1, 2, 3 and 5,
 * in V with seed 0.
 */
const strategies = [
  'mean',
  'median',
  'trimmed-mean(trim=0.3)',
  'geometric-median',
  'krum(f=2)',
  'multi-krum(f=2)',
  'centred-clipping(tau=2)',
];

const attackers = 2;
const attacks: readonly NonNullable<ConfigurationInput['attack']>[] = [
  { name: 'sign-flip', attackers, scale: 4 },
  { name: 'noise', attackers },
  { name: 'label-flip', attackers },
  { name: 'scaled', attackers },
  // By its formula z is 0, and the attack harmless.
  { name: 'alie', attackers, z: 1.5 },
];

const variations: readonly Variation[] = strategies.flatMap((strategy) => [
  { name: `${strategy}, no attack`, change: { strategy } },
  ...attacks.map((attack) => ({ name: `${strategy}, ${attack.name}`, change: { strategy, attack } })),
]);

const base: ConfigurationInput = {
  dataset: 'fashion-mnist',
  examples: 10_000,
  normalization: { mean: [0.286], deviation: [0.353] },
  partition: { name: 'v', participants: 10 },
  model: { name: 'mlp', hidden: [64] },
  optimizer: { name: 'sgd', learningRate: 0.02, momentum: 0.9 },
  batchSize: 32,
  local: { epochs: 2 },
  rounds: 8,
  evaluateEvery: 8,
};

const common = { variations, seeds: [0, 1, 2], table: { rows: 'grid', measure: test } } as const;

export const attacksV: Study = {
  ...common,
  name: 'attacks-v',
  description:
    'V, ten participants, two attackers: which strategies stay within 2 points of the mean without an attack? Bulyan is not among them: with two attackers it takes eleven participants. Expected: all robust ones, but for Krum, which keeps the work of one participant of ten.',
  base,
};

export const attacksH: Study = {
  ...common,
  name: 'attacks-h',
  description:
    'H, ten participants of one class each, two attackers: what is robust where honest updates differ as much as attackers do? 100 short rounds, for epochs on one class would leave nothing to attack. Expected: little. Who drops the updates that are unlike the others drops classes, with an attack or without; at best a strategy keeps the eight classes that honest participants have.',
  base: {
    ...base,
    partition: { name: 'h', participants: 10 },
    optimizer: { name: 'sgd', learningRate: 0.1 },
    local: { steps: 5 },
    rounds: 100,
    evaluateEvery: 100,
  },
};
