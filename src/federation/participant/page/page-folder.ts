/**
 * A participant's files in a browser: they outlive the page and its tab, and are there whole or not
 * at all. For pages.
 */
import { del, delMany, get, keys, set } from 'idb-keyval';
import type { ParticipantFolder } from '../participant-files.js';
import { attempt, pageStore } from './page-store.js';

/** Of all participants of this origin; the key of a file is its participant's name, and its own. */
const files = pageStore('commonweight-participants', 'files');

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
