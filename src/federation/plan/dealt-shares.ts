/** Who holds which examples: the shares that a configuration deals out on one machine. */
import type { Dataset, TrainTestSplit } from '../../data/dataset.js';
import { type Partitioner, partition, type Share } from '../../data/partition/partition.js';
import { isPartitionerName, partitionByName, partitionerNames } from '../../data/partition/partitioners.js';
import { shareRandomPart } from '../../data/partition/random-part.js';
import { type Strata, strataOf } from '../../data/partition/strata.js';
import { type Configuration, ConfigurationError } from '../../protocol/configuration/configuration.js';
import { unknownName } from './unknown-name.js';

/** The "partition" of participants elsewhere, each with data of its own. */
export const OWN_DATA = 'own';

export function sharesOf(configuration: Configuration, data: TrainTestSplit, source: string): Share[] {
  const { participants, validation } = configuration.partition;
  const { seed, examples, participants: names } = configuration;
  if (data.sites !== undefined) {
    const options = { participants: data.sites.length, seed, validationFraction: validation, names };
    return partition(data.train, bySite(clustersBySite(data.train, data.sites)), options);
  }
  if (configuration.partition.name === OWN_DATA) {
    throw new ConfigurationError(
      `${source}: "partition.name" is "${OWN_DATA}", in which each participant brings its own data, expected one of ${partitionerNames.join(', ')} on one machine`,
      { hint: 'lead it by `commonweight serve`, where the others join; or name a partitioner' },
    );
  }
  const partitioner = partitionerOf(configuration, partitionerNames, source);
  const deal = (part: Dataset | Strata) =>
    partition(part, partitioner, { participants, seed, validationFraction: validation, names });
  if (examples === undefined) return deal(data.train);
  if (examples > data.train.examples) {
    throw new ConfigurationError(
      `${source}: "examples" is ${examples}, expected at most the ${data.train.examples} training examples that there are`,
    );
  }
  return shareRandomPart(strataOf(data.train), examples, seed, deal);
}

/** How many examples each site has, or how many clusters of examples that stay together. */
function clustersBySite({ clusters }: Dataset, sites: readonly number[]): readonly number[] {
  if (clusters === undefined) return sites;
  let start = 0;
  return sites.map((count) => {
    const own = clusters.subarray(start, start + count);
    start += count;
    return new Set(own).size;
  });
}

/** The examples of each site in turn. */
function bySite(sites: readonly number[]): Partitioner {
  const starts = sites.map((_, site) => sites.slice(0, site).reduce((sum, count) => sum + count, 0));
  return {
    ...{ name: OWN_DATA, settings: {} },
    split: () =>
      sites.map((count, site) =>
        Uint32Array.from({ length: count }, (_, at) => (starts[site] as number) + at),
      ),
  };
}

/**
 * Across machines nobody deals out data, but a configuration may say how a run on one machine
 * would.
 * @throws ConfigurationError when there is no such way; PartitionError when it does not take these
 *   settings
 */
export function checkPartition(configuration: Configuration, source: string): void {
  const { name, participants: _, validation: __, ...rest } = configuration.partition;
  if (name !== OWN_DATA) partitionerOf(configuration, [OWN_DATA, ...partitionerNames], source);
  const setting = Object.entries(rest).find(([, value]) => value !== undefined)?.[0];
  if (name !== OWN_DATA || setting === undefined) return;
  throw new ConfigurationError(
    `${source}: "partition.${setting}" is set, but "${OWN_DATA}" data are not dealt out`,
    {
      hint: `leave "partition.${setting}" out`,
    },
  );
}

function partitionerOf(
  { partition }: Configuration,
  expected: readonly string[],
  source: string,
): Partitioner {
  const { name, participants: _, validation: __, ...settings } = partition;
  if (isPartitionerName(name)) return partitionByName(name, settings);
  throw unknownName(source, 'partition.name', name, expected);
}
