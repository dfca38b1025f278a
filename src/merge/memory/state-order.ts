/**
 * The order of updates in memory, the same as that of files in `content-order.ts`: by content, as
 * bytes, tensor after tensor. It depends neither on arrival nor on names. Updates are read only as
 * far as two of them agree. Those that agree to the end are compared by their auxiliaries and their
 * numbers of examples; if these agree, too, exchanging them changes nothing.
 */
import type { StateDict } from '../../tensor/state-dict.js';

interface Ordered {
  readonly state: StateDict;
  readonly examples: number;
  readonly auxiliaries?: Readonly<Record<string, StateDict>>;
}

/** @param auxiliaries the names of those that are compared */
export function orderByState<Update extends Ordered>(
  updates: readonly Update[],
  auxiliaries: readonly string[],
): Update[] {
  const names = tensorOrder(updates.map(({ state }) => state));
  const statesOf = (update: Update) => [
    update.state,
    ...[...auxiliaries].sort().flatMap((name) => update.auxiliaries?.[name] ?? []),
  ];
  const parts = new Map(
    updates.map((update) => [update, statesOf(update).flatMap((state) => wordsOf(state, names))]),
  );
  return [...updates].sort(
    (a, b) => compareWords(parts.get(a) ?? [], parts.get(b) ?? []) || a.examples - b.examples,
  );
}

/** The order of tensors in the states if they agree, otherwise by name. */
function tensorOrder(states: readonly StateDict[]): string[] {
  const [first = [], ...others] = states.map(({ layout }) => layout.map(({ name }) => name));
  return others.every((names) => names.every((name, k) => name === first[k])) ? first : [...first].sort();
}

function wordsOf({ layout, data }: StateDict, names: readonly string[]): Uint32Array[] {
  const entries = new Map(layout.map((entry) => [entry.name, entry]));
  return names.map((name) => {
    const { offset = 0, size = 0 } = entries.get(name) ?? {};
    return new Uint32Array(data.buffer, data.byteOffset + 4 * offset, size);
  });
}

/** Compares as the bytes in a file: the lowest byte of a word comes first. */
function compareWords(a: readonly Uint32Array[], b: readonly Uint32Array[]): number {
  for (const [part, words] of a.entries()) {
    const others = b[part] as Uint32Array;
    const at = words.findIndex((word, i) => word !== others[i]);
    if (at >= 0) return turned(words[at] as number) - turned(others[at] as number);
  }
  return 0;
}

const turned = (word: number) =>
  (((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
