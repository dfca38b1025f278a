/**
 * Blobs that are held against their hashes because somebody asks for it. A request of a few bytes has the whole of a file read:
 * so it is one file at a time, and each once in a while, however many ask. Node only.
 */
import type { BlobFolder } from '../../../transport.js';

/** What was found holds for so long. */
const freshMs = 60_000;

/**
 * @param mend makes a blob sound that is not
 * @returns resolves once the blob is sound; throws what kept it from being mended
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
