/**
 * Works on many files, a few at a time, and gives the results in the order of the files. A file
 * that fails does not stop the others. Node only.
 */
import { DataError } from '../../error.js';
import type { OnDataProgress } from '../../progress.js';

const TOGETHER = 16;
/** Of pictures that are decoded at a time; this many take up to 100 MB each way. */
const PIXELS_TOGETHER = 25_000_000;

interface TogetherOptions<Item, Result> {
  readonly what: string;
  /** The pixels of an item, if much of its memory is theirs. */
  readonly pixelsOf?: (item: Item) => number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnDataProgress | undefined;
  onDone(item: Item, result: Result): void | Promise<void>;
  onProblem(item: Item, problem: DataError): void;
}

/** @throws the signal's reason when it is aborted, and any error that is not about a file */
export async function togetherInOrder<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
  { what, pixelsOf, signal, onProgress, onDone, onProblem }: TogetherOptions<Item, Result>,
): Promise<void> {
  for (let start = 0, count = 0; start < items.length; start += count) {
    signal?.throwIfAborted();
    onProgress?.({ what, done: start, of: items.length });
    count = howMany(items, start, pixelsOf);
    const together = items.slice(start, start + count);
    const results = await Promise.allSettled(together.map(work));
    for (const [offset, first] of results.entries()) {
      const item = together[offset] as Item;
      // The decoder keeps one list of complaints for all files: alone, a file gets its own.
      const result = first.status === 'fulfilled' ? first : await settled(work, item);
      if (result.status === 'fulfilled') await onDone(item, result.value);
      else if (result.reason instanceof DataError) onProblem(item, result.reason);
      else throw result.reason;
    }
  }
  if (items.length > 0) onProgress?.({ what, done: items.length, of: items.length });
}

const settled = async <Item, Result>(work: (item: Item) => Promise<Result>, item: Item) =>
  (await Promise.allSettled([work(item)]))[0];

/** One at least, however large it is. */
function howMany<Item>(
  items: readonly Item[],
  start: number,
  pixelsOf: (item: Item) => number = () => 0,
): number {
  let pixels = 0;
  let count = 0;
  for (const item of items.slice(start, start + TOGETHER)) {
    pixels += pixelsOf(item);
    if (count > 0 && pixels > PIXELS_TOGETHER) break;
    count++;
  }
  return count;
}
