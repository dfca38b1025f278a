/** Says in lines what is fetched or read: once when it begins, and when a transfer is done. */
import type { DataProgress } from '../../data/progress.js';
import { byteSize, count } from '../../report/numbers.js';

/** Fewer pictures than these are read in a moment. */
const FEW = 100;

export function dataLines(print: (text: string) => void): (progress: DataProgress) => void {
  const begun = new Set<string>();
  return (progress) => {
    const { what } = progress;
    const isNew = !begun.has(what);
    begun.add(what);
    if ('done' in progress) {
      if (isNew && progress.of >= FEW) print(`reading ${count(progress.of)} ${what}`);
      return;
    }
    const { receivedBytes, totalBytes } = progress;
    if (isNew) print(`fetching ${what}${totalBytes === undefined ? '' : ` (${byteSize(totalBytes)})`}`);
    else if (receivedBytes === totalBytes) print(`fetched ${what}`);
  };
}
