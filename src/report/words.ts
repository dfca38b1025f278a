/**
 * The words by which reports, displays and pages name the data of a run: "images" if its examples
 * are pictures, otherwise "examples"; and what its task counts. The same in Node and in a page.
 */
import type { ColumnFacts } from '../data/dataset.js';
import type { TaskSettings } from '../engine/nn/settings.js';
import { count } from './numbers.js';

export interface Words {
  /** What data are made of: "image" or "example". */
  readonly example: string;
  readonly examples: string;
  /** What the figures of the task count: the same, or "tokens", "pixels". */
  readonly units: string;
}

/** The words if nothing says what the data are. */
export const anyWords: Words = { example: 'example', examples: 'examples', units: 'examples' };

/** @param facts the columns of the data; undefined if they are not known */
export function wordsOf(
  facts: { readonly inputs?: readonly Pick<ColumnFacts, 'meaning'>[] | undefined } | undefined,
  { task }: { readonly task: TaskSettings },
): Words {
  const example = facts?.inputs?.[0]?.meaning.kind === 'picture' ? 'image' : 'example';
  const unit = (task.name === 'custom' ? task.unit : undefined) ?? example;
  return { example, examples: `${example}s`, units: `${unit}s` };
}

/** "1,234 images/s", "60,000 tokens/s"; undefined if no speed is known. */
export function speedText(
  { examplesPerSecond, unitsPerSecond }: Speed,
  { examples, units }: Words,
): string | undefined {
  if (unitsPerSecond !== undefined && units !== examples) return `${count(unitsPerSecond)} ${units}/s`;
  return examplesPerSecond === undefined ? undefined : `${count(examplesPerSecond)} ${examples}/s`;
}

interface Speed {
  readonly examplesPerSecond?: number | undefined;
  readonly unitsPerSecond?: number | undefined;
}
