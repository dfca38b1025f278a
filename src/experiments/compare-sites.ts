/**
 * Compares a federation over sites with pooled training and with each site alone, on the same test
 * rows, over several random splits into training and test rows. Node only.
 */
import { randomStream } from '../base/random.js';
import { concatenated } from '../data/concatenated.js';
import { type Dataset, subset, type TrainTestSplit } from '../data/dataset.js';
import { holdOut } from '../data/partition/partition.js';
import { strataOf } from '../data/partition/strata.js';
import { SITES, siteName } from '../data/settings.js';
import type { TableSettings } from '../data/tables/column-specs.js';
import { loadTables } from '../data/tables/node/load-table.js';
import { runFederation } from '../federation/coordinator/run-federation.js';
import type { RunResult } from '../federation/record/run-result.js';
import type { Figures, TaskMetrics } from '../metrics/metric.js';
import { type ConfigurationInput, parseConfiguration } from '../protocol/configuration/configuration.js';

export interface CompareSitesOptions {
  /** How many random splits; each has its own seed, from the configuration's on. */
  readonly splits: number;
  readonly workers?: number | undefined;
  readonly signal?: AbortSignal | undefined;
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
  const { splits, source = 'options', signal, onSplit } = options;
  const { data, seed } = parseConfiguration(input, source);
  if (data?.kind !== 'table' || data.sites === undefined) {
    throw new Error('internal: sites are compared whose data are no tables');
  }
  const tables = await loadTables(data.sites, data, { signal });
  const outcomes: SplitOutcome[] = [];
  for (let split = 1; split <= splits; split++) {
    const seedOfSplit = seed + split - 1;
    const sites = tables.map((table, at) => splitTable(table, seedOfSplit, at));
    const outcome = await compareOnce({ ...input, seed: seedOfSplit }, { ...options, data, sites, split });
    outcomes.push(outcome);
    onSplit?.(outcome);
  }
  return outcomes;
}

function splitTable(table: Dataset, seed: number, site: number): TrainTestSplit {
  const { groups, count } = strataOf(table);
  const all = Uint32Array.from({ length: table.examples }, (_, row) => row);
  const parts = holdOut(all, groups, count, TEST_FRACTION, randomStream(seed, site, 'test rows'));
  return { train: subset(table, parts.train), test: subset(table, parts.validation) };
}

interface SplitContext extends CompareSitesOptions {
  readonly data: TableSettings & { readonly sites?: readonly string[] | undefined };
  readonly sites: readonly TrainTestSplit[];
  readonly split: number;
}

async function compareOnce(
  input: ConfigurationInput,
  { data, sites, split, workers, signal }: SplitContext,
): Promise<SplitOutcome> {
  const test = concatenated(
    SITES,
    sites.map((site) => site.test),
  );
  /** A federation of these sites, on the test rows of all. */
  const federate = async (numbers: readonly number[], settings: Partial<ConfigurationInput>) => {
    const trains = numbers.map((at) => (sites[at] as TrainTestSplit).train);
    const train = concatenated(SITES, trains);
    const files = numbers.map((at) => data.sites?.[at] as string);
    const { result } = await runFederation(
      {
        ...{ ...input, ...settings, data: { ...data, sites: files } },
        evaluateEvery: input.rounds,
      },
      { data: { train, test, sites: trains.map(({ examples }) => examples) }, workers, signal },
    );
    return result;
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
