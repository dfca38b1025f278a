/**
 * Repeats FLamby's benchmark of four hospitals (https://arxiv.org/abs/2210.04620) over random
 * splits: its rows, logistic regression from PyTorch's initial weights, batches of four. A
 * federation has 15 rounds of 100 steps of SGD, by six strategies with the learning rates of its
 * file config_heart_disease.json; where data are pooled, or a hospital is alone, Adam 0.001 makes
 * 50 epochs. Node only.
 *
 * Its code trains a federation, or a hospital alone, on rows that are normalized by the training
 * rows of their hospital, but judges every model on test rows that are normalized by those of all,
 * as pooled training is. That is the first figure of an outcome. For the second one, training and
 * test rows are all normalized by those of their hospital.
 */
import { concatenated } from '../data/concatenated.js';
import { withoutTest } from '../data/dataset.js';
import { siteName, sitesOf } from '../data/settings.js';
import type { TableSettings } from '../data/tables/column-specs.js';
import { loadTables } from '../data/tables/node/load-table.js';
import { dense } from '../engine/nn/layers/layers.js';
import type { Network } from '../engine/nn/layers/network.js';
import { runFederation } from '../federation/coordinator/run-federation.js';
import type { Figures, TaskMetrics } from '../metrics/metric.js';
import { type ConfigurationInput, parseConfiguration } from '../protocol/configuration/configuration.js';
import { type StateDict, tensorView } from '../tensor/state-dict.js';
import type { CompareSitesOptions, SplitOutcome } from './compare-sites.js';
import {
  flambyRows,
  flambyTables,
  type HospitalRows,
  joinedRows,
  normalizedRows,
  rowsDataset,
  splitRows,
} from './flamby-rows.js';

const METRICS: TaskMetrics = [
  { name: 'accuracy', better: 'higher', format: 'percent' },
  {
    name: 'accuracy-by-hospital',
    label: 'accuracy, by hospital',
    better: 'higher',
    format: 'percent',
  },
];

type Recipe = Pick<ConfigurationInput, 'rounds' | 'local' | 'optimizer' | 'correction' | 'server'>;

const federation = (learningRate: number, more: Pick<Recipe, 'correction' | 'server'> = {}): Recipe => ({
  ...{ rounds: 15, local: { steps: 100 }, optimizer: { name: 'sgd', learningRate } },
  ...more,
});
const FED_AVG = federation(0.001);
const adaptive = { beta1: 0.9, tau: 1e-8 } as const;
/** The strategies beside FedAvg, as FLamby has tuned them. */
const STRATEGIES: Readonly<Record<string, Recipe>> = {
  FedProx: federation(0.001, { correction: { name: 'fed-prox', mu: 0.01 } }),
  SCAFFOLD: federation(0.001, { correction: { name: 'scaffold' } }),
  FedAdam: federation(0.01, {
    server: { name: 'fed-adam', learningRate: 0.01, beta2: 0.999, ...adaptive },
  }),
  FedYogi: federation(0.003162, {
    server: { name: 'fed-yogi', learningRate: 0.01, beta2: 0.999, ...adaptive },
  }),
  FedAdagrad: federation(0.003162, {
    server: { name: 'fed-adagrad', learningRate: 0.316228, ...adaptive },
  }),
};
/** Where data are pooled, or a hospital is alone. */
const ALONE: Recipe = {
  ...{ rounds: 1, local: { epochs: 50 }, optimizer: { name: 'adam', learningRate: 0.001 } },
};

const network: Network = (scope, rows) => dense(scope.in('fc'), rows, 1);

/** @param input the settings of the tables, and the seed of the first split */
export async function compareFlamby(
  input: ConfigurationInput,
  options: CompareSitesOptions,
): Promise<SplitOutcome[]> {
  const { splits, source = 'options', signal, onSplit } = options;
  const { data, seed } = parseConfiguration(input, source);
  const files = sitesOf(data);
  if (data?.kind !== 'table' || files === undefined) {
    throw new Error('internal: sites are compared whose data are no tables');
  }
  const tables = await loadTables(files, flambyTables(data as TableSettings), { signal });
  const hospitals = tables.map((table, at) => ({
    name: siteName(files[at] as string),
    rows: flambyRows(table),
  }));
  const outcomes: SplitOutcome[] = [];
  for (let split = 1; split <= splits; split++) {
    const seedOfSplit = seed + split - 1;
    const parts = hospitals.map(({ name, rows }, at) => ({ name, ...splitRows(rows, seedOfSplit, at) }));
    const outcome = await compareOnce(parts, { ...options, split, seed: seedOfSplit });
    outcomes.push(outcome);
    onSplit?.(outcome);
  }
  return outcomes;
}

interface Hospital {
  readonly name: string;
  readonly train: HospitalRows;
  readonly test: HospitalRows;
}

interface SplitOptions extends CompareSitesOptions {
  readonly split: number;
  readonly seed: number;
}

async function compareOnce(
  hospitals: readonly Hospital[],
  { split, ...options }: SplitOptions,
): Promise<SplitOutcome> {
  const [train, test] = (['train', 'test'] as const).map((part) =>
    joinedRows(hospitals.map((hospital) => hospital[part])),
  ) as [HospitalRows, HospitalRows];
  const own = hospitals.map(({ name, train, test }) => ({
    name,
    train: normalizedRows(train, train),
    test: normalizedRows(test, train),
  }));
  const tests = [normalizedRows(test, train), joinedRows(own.map((hospital) => hospital.test))];
  const judge = (...models: readonly StateDict[]): Figures =>
    Object.fromEntries(
      METRICS.map(({ name }, at) => [
        name,
        accuracyOf(models[at] ?? (models[0] as StateDict), tests[at] as HospitalRows),
      ]),
    );
  const pooled = [normalizedRows(train, train), joinedRows(own.map((hospital) => hospital.train))];
  const pooledModels: StateDict[] = [];
  for (const rows of pooled)
    pooledModels.push(await trained([{ name: 'pooled', train: rows }], ALONE, options));
  const alone: Record<string, Figures> = {};
  for (const hospital of own) alone[hospital.name] = judge(await trained([hospital], ALONE, options));
  const federated = judge(await trained(own, FED_AVG, options));
  const strategies: Record<string, Figures> = {};
  for (const [name, recipe] of Object.entries(STRATEGIES))
    strategies[name] = judge(await trained(own, recipe, options));
  return {
    ...{ split, metrics: METRICS, alone, pooled: judge(...pooledModels), federated, strategies },
    examples: { train: train.labels.length, test: test.labels.length },
  };
}

async function trained(
  owners: readonly Pick<Hospital, 'name' | 'train'>[],
  recipe: Recipe,
  { seed, workers, device, signal }: Omit<SplitOptions, 'split'>,
): Promise<StateDict> {
  const sets = owners.map(({ name, train }) => rowsDataset(name, train));
  const { model } = await runFederation(
    {
      ...{ ...recipe, seed, batchSize: 4, evaluateEvery: recipe.rounds },
      ...{ model: { name: 'custom' }, task: { name: 'multi-label' }, metrics: ['accuracy'] },
      participants: owners.map(({ name }) => name),
      // As few as can be: FLamby holds none out.
      partition: { name: 'own', participants: owners.length, validation: 0.001 },
    },
    {
      data: { ...withoutTest(concatenated('heart', sets)), sites: sets.map(({ examples }) => examples) },
      ...{ extensions: { network }, workers, device, signal },
    },
  );
  if (model === undefined) throw new Error('internal: a run without a model');
  return model;
}

/** The part of the rows whose disease, or its absence, has a probability above one half. */
function accuracyOf(model: StateDict, { values, inputs, labels }: HospitalRows): number {
  const weight = tensorView(model, 'fc.weight');
  const [bias = 0] = tensorView(model, 'fc.bias');
  const right = labels.filter((label, row) => {
    const own = values.subarray(row * inputs, (row + 1) * inputs);
    const logit = own.reduce((sum, value, at) => sum + value * (weight[at] as number), bias);
    return Number(logit > 0) === label;
  });
  return right.length / labels.length;
}
