/**
 * Texts → data sets with the same length and the same numbers for classes: tokens, padded or cut,
 * and what is learned. It says what it left out and what it cut.
 */
import { compareNames } from '../../base/names.js';
import { nearestName } from '../../base/nearest-name.js';
import { type Column, closeDatasets, type Dataset, type HeldColumn, toShared } from '../dataset.js';
import { DataError } from '../error.js';
import type { Paging } from '../paged-values.js';
import type { TextSet } from './text-examples.js';
import type { TextSpec } from './text-spec.js';
import { tokenStore } from './token-store.js';

export interface ReadTextsOptions {
  readonly paging?: Paging | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onNotice?: ((notice: string) => void) | undefined;
}

/** What the columns are called in a data set. */
export const TEXT_COLUMNS = { tokens: 'tokens', label: 'label' } as const;

/** Where no length is set, so many of the texts fit into the one that is chosen. */
const FITTING = 0.95;
/** Lengths that are chosen are multiples of this one, up to the other. */
const [STEP, LONGEST_CHOSEN] = [16, 512];

/**
 * One data set for each set of texts. Without declared classes, all of them are the classes, in
 * the order of `compareNames`.
 * @param measured the sets by which a length is chosen, where none is set
 * @throws DataError when a label is no class, or a set has no text; the signal's reason
 */
export async function readTexts(
  sets: readonly TextSet[],
  spec: TextSpec,
  options: ReadTextsOptions,
  measured = sets,
): Promise<Dataset[]> {
  const length = spec.length ?? (await chosenLength(measured, spec, options));
  const read: ReadText[] = [];
  try {
    for (const set of sets) read.push(await readSet(set, spec, length, options));
    const names = spec.classes ?? [...new Set(read.flatMap(({ found }) => found))].sort(compareNames);
    return read.map(({ set, inputs, labels, found }) => {
      const numbers = found.map((name) => names.indexOf(name));
      return {
        ...{ name: set.name, examples: labels.length, inputs },
        targets: [
          textLabels(
            names,
            Int32Array.from(labels, (label) => numbers[label] as number),
          ),
        ],
      };
    });
  } catch (error) {
    closeDatasets(...read);
    throw error;
  }
}

export const textTokens = (
  { text: field, tokenizer: { vocabulary, padding, sha256 } }: TextSpec,
  length: number,
) => ({
  ...{ name: TEXT_COLUMNS.tokens, dtype: 'i32' as const, shape: [length] },
  meaning: {
    ...{ kind: 'tokens' as const, vocabulary, padding, field },
    ...(sha256 !== undefined && { tokenizer: sha256 }),
  },
});

export const textLabels = (names: readonly string[], values: Int32Array): HeldColumn => ({
  ...{ name: TEXT_COLUMNS.label, dtype: 'i32', shape: [] },
  ...{ meaning: { kind: 'categories', names }, values: toShared(values) },
});

/** The texts alone, none left out: what a model predicts. */
export async function readUnlabelled(
  set: TextSet,
  spec: TextSpec,
  options: ReadTextsOptions,
): Promise<{ readonly inputs: readonly Column[]; readonly examples: number }> {
  const { inputs, labels } = await readSet(
    set,
    { ...spec, label: undefined },
    spec.length as number,
    options,
  );
  return { inputs, examples: labels.length };
}

interface ReadText {
  readonly set: TextSet;
  readonly inputs: readonly Column[];
  /** Places in `found`. */
  readonly labels: readonly number[];
  readonly found: readonly string[];
}

async function readSet(
  set: TextSet,
  spec: TextSpec,
  length: number,
  options: ReadTextsOptions,
): Promise<ReadText> {
  const { paging, signal } = options;
  const found = [...(spec.classes ?? [])];
  const places = new Map(found.map((name, place) => [name, place]));
  const labels: number[] = [];
  const store = tokenStore(spec.tokenizer, length, paging);
  const counted = { all: 0, cut: 0, empty: firstOf(), unlabelled: firstOf() };
  const placeOf = (label: string, place: string) => {
    const known = places.get(label);
    if (known !== undefined) return known;
    if (spec.classes !== undefined) throw unknownLabel(set, label, place, spec.classes);
    places.set(label, found.length);
    return found.push(label) - 1;
  };
  try {
    for await (const some of set.examples()) {
      signal?.throwIfAborted();
      for (const { text, label, place } of some) {
        counted.all++;
        if (spec.label !== undefined && label === undefined) counted.unlabelled.add(place);
        else if (spec.label !== undefined && text.trim() === '') counted.empty.add(place);
        else {
          if (store.add(text)) counted.cut++;
          labels.push(label === undefined || spec.label === undefined ? 0 : placeOf(label, place));
        }
      }
    }
    sayCounted(set, counted, labels.length, length, options);
    const values = store.finish();
    return { set, labels, found, inputs: [{ ...textTokens(spec, length), values }] };
  } catch (error) {
    store.discard();
    throw error;
  }
}

/** Counts places, and keeps the first. */
function firstOf() {
  return {
    times: 0,
    first: '',
    add(place: string) {
      if (this.times++ === 0) this.first = place;
    },
  };
}

function sayCounted(
  { path }: TextSet,
  {
    all,
    cut,
    ...left
  }: { all: number; cut: number; empty: ReturnType<typeof firstOf>; unlabelled: ReturnType<typeof firstOf> },
  kept: number,
  length: number,
  { onNotice }: ReadTextsOptions,
): void {
  const clauses = [
    [left.empty, 'are empty', 'is empty'],
    [left.unlabelled, 'have no label', 'has no label'],
  ] as const;
  const said = clauses.flatMap(([{ times, first }, are, is]) =>
    times === 0 ? [] : [`${times} of ${all} texts ${times === 1 ? is : are} (${first})`],
  );
  if (kept === 0) {
    throw new DataError(
      `data: "${path}" has ${said.length === 0 ? 'no texts' : `nothing to learn from: ${said.join(', ')}`}, expected texts with labels`,
    );
  }
  for (const clause of said) onNotice?.(`data: "${path}": ${clause}, and left out`);
  if (cut === 0) return;
  onNotice?.(
    `data: "${path}": ${cut} of ${all} texts ${cut === 1 ? 'is' : 'are'} longer than ${length} tokens, and cut`,
  );
}

function unknownLabel(
  { path }: TextSet,
  label: string,
  place: string,
  classes: readonly string[],
): DataError {
  const nearest = nearestName(label, classes);
  const where = place.includes(path) ? `"${place}"` : `"${path}", ${place}`;
  return new DataError(
    `data: ${where}: the label is "${label}", expected one of ${classes.slice(0, 20).join(', ')}`,
    {
      hint: nearest === undefined ? 'name all classes in "data.classes"' : `rename it, if it is "${nearest}"`,
    },
  );
}

/** A multiple of 16 into which nearly all texts fit. */
async function chosenLength(
  sets: readonly TextSet[],
  spec: TextSpec,
  { signal, onNotice }: ReadTextsOptions,
): Promise<number> {
  const lengths: number[] = [];
  for (const set of sets) {
    for await (const some of set.examples()) {
      signal?.throwIfAborted();
      for (const { text, label } of some)
        if (isLearned(spec, text, label)) lengths.push(spec.tokenizer.encode(text).length);
    }
  }
  lengths.sort((a, b) => a - b);
  const fitting = lengths[Math.ceil(FITTING * lengths.length) - 1] ?? 1;
  const length = Math.min(LONGEST_CHOSEN, STEP * Math.ceil(Math.max(1, fitting) / STEP));
  const whole = lengths.filter((one) => one <= length).length;
  onNotice?.(
    `data: texts are read as ${length} tokens, into which ${whole} of ${lengths.length} fit; "data.length" sets it`,
  );
  return length;
}

const isLearned = ({ label }: TextSpec, text: string, own: string | undefined) =>
  (label === undefined || own !== undefined) && text.trim() !== '';
