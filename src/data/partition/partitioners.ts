/** The partitioners by their names in settings and on the command line. */
import { nearestName } from '../../base/nearest-name.js';
import { dirichlet } from './dirichlet.js';
import { PartitionError } from './error.js';
import { h } from './h.js';
import { iid } from './iid.js';
import type { Partitioner } from './partition.js';
import { quantitySkew } from './quantity-skew.js';
import { shards } from './shards.js';
import { v } from './v.js';

export interface PartitionerSettings {
  readonly alpha?: number | undefined;
  readonly minimumExamples?: number | undefined;
  readonly shardsPerParticipant?: number | undefined;
}

interface PartitionerEntry {
  /** One line for a help text. */
  readonly summary: string;
  /** The names of its settings. */
  readonly takes: readonly (keyof PartitionerSettings)[];
  build(settings: PartitionerSettings): Partitioner;
}

const table = {
  v: { summary: 'each category is cut evenly among all participants', takes: [], build: v },
  h: { summary: 'each category goes to one participant', takes: [], build: h },
  iid: { summary: 'random examples in equal numbers', takes: [], build: iid },
  dirichlet: {
    summary: 'uneven categories, by Dirichlet(alpha), 0.5 by default',
    takes: ['alpha', 'minimumExamples'],
    build: dirichlet,
  },
  shards: {
    summary: 'sorted by category and cut into shards, shardsPerParticipant for each (2 by default)',
    takes: ['shardsPerParticipant'],
    build: shards,
  },
  'quantity-skew': {
    summary: 'equal mixes of categories, uneven numbers, by Dirichlet(alpha), 0.5 by default',
    takes: ['alpha', 'minimumExamples'],
    build: quantitySkew,
  },
} as const satisfies Readonly<Record<string, PartitionerEntry>>;

export type PartitionerName = keyof typeof table;

export const partitioners: Readonly<Record<PartitionerName, PartitionerEntry>> = table;

export const partitionerNames = Object.keys(table) as readonly PartitionerName[];

export function isPartitionerName(name: string): name is PartitionerName {
  return Object.hasOwn(table, name);
}

/** @throws PartitionError when the partitioner is unknown, or does not have the setting. */
export function partitionByName(name: string, settings: PartitionerSettings = {}): Partitioner {
  if (!isPartitionerName(name)) {
    const nearest = nearestName(name, partitionerNames);
    throw new PartitionError(
      `partition: "${name}" is unknown, expected one of ${partitionerNames.join(', ')}`,
      {
        ...(nearest === undefined ? {} : { hint: `did you mean "${nearest}"?` }),
      },
    );
  }
  const { takes, build } = partitioners[name];
  for (const [setting, value] of Object.entries(settings)) {
    if (value !== undefined && !takes.some((taken) => taken === setting)) {
      const expected = takes.length === 0 ? 'it takes none' : `it takes ${takes.join(', ')}`;
      throw new PartitionError(`partition: "${name}" has no setting "${setting}"; ${expected}`);
    }
  }
  return build(settings);
}
