/**
 * Work on many files, a few at a time, whose results come in the order of the files. What is wrong
 * with one of them stops none of the others. Node only.
 */
import { DataError } from '../../error.js';
import type { OnDataProgress } from '../../progress.js';

const TOGETHER = 16;

interface Hearer<Item, Result> {
  readonly what: string;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnDataProgress | undefined;
  onDone(item: Item, result: Result): void | Promise<void>;
  onProblem(item: Item, problem: DataError): void;
}

/** @throws the signal's reason when it is aborted, and any error that is not about a file */
export async function togetherInOrder<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
  { what, signal, onProgress, onDone, onProblem }: Hearer<Item, Result>,
): Promise<void> {
  for (let start = 0; start < items.length; start += TOGETHER) {
    signal?.throwIfAborted();
    onProgress?.({ what, done: start, of: items.length });
    const together = items.slice(start, start + TOGETHER);
    const results = await Promise.allSettled(together.map(work));
    for (const [offset, result] of results.entries()) {
      const item = together[offset] as Item;
      if (result.status === 'fulfilled') await onDone(item, result.value);
      else if (result.reason instanceof DataError) onProblem(item, result.reason);
      else throw result.reason;
    }
  }
  if (items.length > 0) onProgress?.({ what, done: items.length, of: items.length });
}
