/**
 * Checks blobs against their hashes on request. Such a request makes the hub read a whole file. So
 * it checks one file at a time, and each file at most once in a while, however many clients ask.
 * Node only.
 */
import type { BlobFolder } from '../../../transport.js';

/** How long the result of a check is kept. */
const freshMs = 60_000;

/**
 * @param mend repairs a damaged blob
 * @returns resolves once the blob is sound; rejects with the error of the repair
 */
export function soundBlobs(
  { isSound }: Pick<BlobFolder, 'isSound'>,
  mend: (sha256: string) => Promise<void>,
  now = () => performance.now(),
): (sha256: string) => Promise<void> {
  const checks = new Map<string, { readonly at: number; readonly done: Promise<void> }>();
  let last: Promise<unknown> = Promise.resolve();
  return (sha256) => {
    for (const [name, { at }] of checks) if (now() - at >= freshMs) checks.delete(name);
    const known = checks.get(sha256);
    if (known !== undefined) return known.done;
    const done = last.then(async () => {
      if (!(await isSound(sha256))) await mend(sha256);
    });
    checks.set(sha256, { at: now(), done });
    last = done.catch(() => checks.delete(sha256));
    return done;
  };
}
