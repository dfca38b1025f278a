/**
 * A participant's files in a browser: they outlive the page and its tab, and are there whole or not at all. IndexedDB keeps
 * them, which pages without a secure context have too. For pages.
 */
import { createStore, del, delMany, get, keys, set, type UseStore } from 'idb-keyval';
import { FederationError } from './error.js';
import type { ParticipantFolder } from './kept-update.js';

const FILES = 'files';
/** Of all participants of this origin; the key of a file is its participant's name, and its own. */
const relaxed = createStore('commonweight-participants', FILES);

/** Browsers do not wait until the system says that a file is on the disk, unless they are told. */
const files: UseStore = (mode, work) =>
  relaxed(mode, ({ transaction: { db } }) =>
    work(db.transaction(FILES, mode, { durability: 'strict' }).objectStore(FILES)),
  );

/**
 * @param name of a participant in a federation: each has files of its own
 * @throws FederationError when this browser keeps nothing for pages
 */
export async function pageFolder(name: string): Promise<ParticipantFolder> {
  const read = (file: string) =>
    attempt(`"${file}" cannot be read`, () => get<Uint8Array<ArrayBuffer>>([name, file], files));
  await attempt('nothing can be kept', () => get([name, ''], files));
  return {
    name: `what this browser keeps for "${name}"`,
    read,
    // A copy: of a part of a buffer, the whole would be kept.
    write: (file, bytes) =>
      attempt(`"${file}" cannot be kept`, () => set([name, file], new Uint8Array(bytes), files)),
    remove: (file) => attempt(`"${file}" cannot be removed`, () => del([name, file], files)),
  };
}

/** Removes all that was kept under this name. */
export const forgetPageFolder = (name: string): Promise<void> =>
  attempt('what was kept cannot be removed', async () => {
    const all = await keys<[of: string, file: string]>(files);
    const mine = all.filter(([of]) => of === name);
    await delMany(mine, files);
  });

async function attempt<Result>(failure: string, act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (cause) {
    const full = (cause as Error).name === 'QuotaExceededError';
    const reason = full ? 'there is no room left for this page' : (cause as Error).message;
    throw new FederationError(`in this browser ${failure}: ${reason}`, {
      cause,
      hint: full
        ? 'free some of the disk, then go on: what was kept before is still there'
        : 'open the page in an ordinary window, where it may keep data: a private one may not',
    });
  }
}
