/** A store in the browser: IndexedDB, which pages without a secure context have too. For pages. */
import { createStore, type UseStore } from 'idb-keyval';
import { FederationError } from '../../error.js';

/**
 * A database with one store. A value is kept whole or not at all, and is on the disk once the
 * promise resolves.
 */
export function pageStore(database: string, store: string): UseStore {
  const relaxed = createStore(database, store);
  // Without `strict`, browsers do not wait until the value is on the disk.
  return (mode, work) =>
    relaxed(mode, ({ transaction: { db } }) =>
      work(db.transaction(store, mode, { durability: 'strict' }).objectStore(store)),
    );
}

/**
 * @param failure what failed, such as '"update.json" cannot be read'
 * @throws FederationError when `act` fails
 */
export async function attempt<Result>(failure: string, act: () => Promise<Result>): Promise<Result> {
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
