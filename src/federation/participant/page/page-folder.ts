/**
 * A participant's files in a browser. They survive the page and its tab, and are there whole or not
 * at all. For pages.
 */
import { del, delMany, get, keys, set } from 'idb-keyval';
import type { ParticipantFolder } from '../kept/participant-files.js';
import { attempt, pageStore } from './page-store.js';

/** The files of all participants of this origin; a key is the participant's name and the file's. */
const files = pageStore('commonweight-participants', 'files');

/**
 * @param name of a participant in a federation; each has its own files
 * @throws FederationError when the browser does not store anything for pages
 */
export async function pageFolder(name: string): Promise<ParticipantFolder> {
  const read = (file: string) =>
    attempt(`"${file}" cannot be read`, () => get<Uint8Array<ArrayBuffer>>([name, file], files));
  await attempt('nothing can be kept', () => get([name, ''], files));
  return {
    name: `what this browser keeps for "${name}"`,
    read,
    // A copy, since the browser would keep the whole buffer of a part.
    write: (file, bytes) =>
      attempt(`"${file}" cannot be kept`, () => set([name, file], new Uint8Array(bytes), files)),
    remove: (file) => attempt(`"${file}" cannot be removed`, () => del([name, file], files)),
  };
}

/** Removes all files that were kept under this name. */
export const forgetPageFolder = (name: string): Promise<void> =>
  attempt('what was kept cannot be removed', async () => {
    const all = await keys<[of: string, file: string]>(files);
    const mine = all.filter(([of]) => of === name);
    await delMany(mine, files);
  });
