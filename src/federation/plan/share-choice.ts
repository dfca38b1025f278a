/**
 * A part of a data set as a line: `v:1/2` is the first of the two shares of partitioner v,
 * `dirichlet:alpha=0.5:3/10` the third of ten. It is for demonstrations, in which all participants
 * have the same set.
 */
import type { Partitioner } from '../../data/partition/partition.js';
import { type PartitionerSettings, partitionByName } from '../../data/partition/partitioners.js';
import { FederationError } from '../error.js';

export interface ShareChoice {
  readonly partitioner: Partitioner;
  /** From 1. */
  readonly part: number;
  readonly parts: number;
}

const settingNames = ['alpha', 'minimumExamples', 'shardsPerParticipant'] as const;

/**
 * @throws FederationError when the line is invalid; PartitionError when the partitioner or setting
 * is unknown
 */
export function shareChoice(text: string): ShareChoice {
  const match = /^([^:]+)(?::([^:]*))?:(\d{1,6})\/(\d{1,6})$/.exec(text);
  const [, name = '', settings = '', part = '', parts = ''] = match ?? [];
  if (match === null) throw unclear(text, 'expected PARTITIONER:PART/PARTS');
  if (Number(part) < 1 || Number(part) > Number(parts)) {
    throw unclear(text, `expected a part from 1 to ${parts}`);
  }
  const fields = settings === '' ? [] : settings.split(',').map((field) => settingOf(field, text));
  const partitioner = partitionByName(name, Object.fromEntries(fields) as PartitionerSettings);
  return { partitioner, part: Number(part), parts: Number(parts) };
}

function settingOf(field: string, text: string): [string, number] {
  const [key = '', value = '', ...rest] = field.split('=');
  const known = settingNames.find((name) => name === key);
  if (known === undefined || rest.length > 0) {
    throw unclear(text, `expected settings such as alpha=0.5, of ${settingNames.join(', ')}`);
  }
  const number = Number(value);
  if (value.trim() === '' || !(number > 0 && Number.isFinite(number))) {
    throw unclear(text, `expected a number above 0 for ${key}`);
  }
  return [key, number];
}

const unclear = (text: string, expected: string) =>
  new FederationError(`the share is "${text}", ${expected}`, {
    hint: 'such as v:1/2, or dirichlet:alpha=0.5:3/10',
  });
