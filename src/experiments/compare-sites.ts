/**
 * Compares a federation over sites with pooled training and with each site alone, on the same test
 * rows, over several random splits into training and test rows. Node only.
 */
import { randomStream } from '../base/random.js';
import { concatenated } from '../data/concatenated.js';
import { closeDatasets, type Dataset, type TrainTestSplit } from '../data/dataset.js';
import type { Paging } from '../data/paged-values.js';
import { SITES, siteName } from '../data/settings.js';
import type { TableSettings } from '../data/tables/column-specs.js';
import { heldOutRows, loadTables } from '../data/tables/node/load-table.js';
import type { NodeDevice } from '../engine/runtime/node/find-gpu.js';
import { runFederation } from '../federation/coordinator/run-federation.js';
import type { RunResult } from '../federation/record/run-result.js';
import type { Figures, TaskMetrics } from '../metrics/metric.js';
import { type ConfigurationInput, parseConfiguration } from '../protocol/configuration/configuration.js';

export interface CompareSitesOptions {
  /** How many random splits; each has its own seed, from the configuration's on. */
  readonly splits: number;
  readonly workers?: number | undefined;
  readonly device?: NodeDevice | undefined;
  readonly signal?: AbortSignal | undefined;
  /** When the rows of tables are kept in files; never by default. */
  readonly paging?: Paging | undefined;
  /** The name of the configuration in errors. */
  readonly source?: string;
  onSplit?(outcome: SplitOutcome): void;
}

/** Figures of models on the test rows of one split. */
export interface SplitOutcome {
  /** From 1. */
  readonly split: number;
  readonly metrics: TaskMetrics;
  readonly examples: { readonly train: number; readonly test: number };
  readonly federated: Figures;
  /** Of federations by other strategies, by name. */
  readonly strategies?: Readonly<Record<string, Figures>> | undefined;
  readonly pooled: Figures;
  /** What each site has without the others. */
  readonly alone: Readonly<Record<string, Figures>>;
}

/** The part of each site's rows that is held out, in proportion from each class. */
const TEST_FRACTION = 1 / 3;

/** @throws CommonweightError when the settings are not about tables of sites, or a run fails */
export async function compareSites(
  input: ConfigurationInput,
  options: CompareSitesOptions,
): Promise<SplitOutcome[]> {
  const { splits, source = 'options', signal, paging, onSplit } = options;
  const { data, seed } = parseConfiguration(input, source);
  if (data?.kind !== 'table' || data.sites === undefined) {
    throw new Error('internal: sites are compared whose data are no tables');
  }
  const tables = await loadTables(data.sites, data, { signal, paging });
  const outcomes: SplitOutcome[] = [];
  try {
    for (let split = 1; split <= splits; split++) {
      const seedOfSplit = seed + split - 1;
      const sites = tables.map((table, at) =>
        heldOutRows(table, TEST_FRACTION, randomStream(seedOfSplit, at, 'test rows'), paging),
      );
      const test = concatenated(
        SITES,
        sites.map((site) => site.test),
        paging,
      );
      try {
        const context = { ...options, data, sites, test, split };
        const outcome = await compareOnce({ ...input, seed: seedOfSplit }, context);
        outcomes.push(outcome);
        onSplit?.(outcome);
      } finally {
        closeDatasets(test, ...sites.flatMap(({ train, test }) => [train, test]));
      }
    }
  } finally {
    closeDatasets(...tables);
  }
  return outcomes;
}

interface SplitContext extends CompareSitesOptions {
  readonly data: TableSettings & { readonly sites?: readonly string[] | undefined };
  readonly sites: readonly TrainTestSplit[];
  /** The test rows of all sites. */
  readonly test: Dataset;
  readonly split: number;
}

async function compareOnce(
  input: ConfigurationInput,
  { data, sites, test, paging, split, workers, device, signal }: SplitContext,
): Promise<SplitOutcome> {
  /** A federation of these sites, on the test rows of all. */
  const federate = async (numbers: readonly number[], settings: Partial<ConfigurationInput>) => {
    const trains = numbers.map((at) => (sites[at] as TrainTestSplit).train);
    const train = concatenated(SITES, trains, paging);
    const files = numbers.map((at) => data.sites?.[at] as string);
    try {
      const { result } = await runFederation(
        {
          ...{ ...input, ...settings, data: { ...data, sites: files } },
          evaluateEvery: input.rounds,
        },
        { data: { train, test, sites: trains.map(({ examples }) => examples) }, workers, device, signal },
      );
      return result;
    } finally {
      closeDatasets(train);
    }
  };
  const together = await federate([...sites.keys()], { pooled: true });
  const alone: Record<string, Figures> = {};
  for (const [at, file] of (data.sites ?? []).entries()) {
    const steps = stepsInAll(together);
    const result = await federate([at], { rounds: 1, local: { steps }, pooled: false });
    alone[siteName(file)] = testOf(result);
  }
  return {
    ...{ split, metrics: together.metrics, alone },
    examples: {
      train: sites.reduce((sum, { train }) => sum + train.examples, 0),
      test: test.examples,
    },
    federated: testOf(together),
    pooled: together.pooled?.test ?? {},
  };
}

/** How many steps each participant has made. */
const stepsInAll = ({ settings: { rounds, local } }: RunResult): number =>
  typeof local.steps === 'number' ? rounds * local.steps : rounds;

/** The merged model's figures on the test rows, after the last round. */
function testOf({ rounds, strategy }: RunResult): Figures {
  return rounds.at(-1)?.merged?.[strategy]?.test ?? {};
}
