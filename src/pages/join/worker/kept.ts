/**
 * Keeps one federation's data, work and model in this browser, so that the page can be loaded
 * again, and removes them.
 */

import type { ParticipantFolder } from '../../../federation/participant/kept/participant-files.js';
import { keptData } from '../../../federation/participant/page/kept-data.js';
import { forgetPageFolder, pageFolder } from '../../../federation/participant/page/page-folder.js';
import { forgetSession, keepSession, type SavedSession } from './session.js';

export interface DeviceStore {
  /** The present session. */
  session(): SavedSession;
  readonly folder: ParticipantFolder;
  readonly data: ReturnType<typeof keptData>;
  remember(change: Partial<SavedSession>): Promise<void>;
  /** Removes everything. */
  forget(): Promise<void>;
}

export async function deviceStoreOf(token: string, before: SavedSession): Promise<DeviceStore> {
  const name = `${before.job}: ${before.participant}`;
  const folder = await pageFolder(name);
  const data = keptData(name);
  let session = before;
  return {
    session: () => session,
    ...{ folder, data },
    remember(change) {
      session = { ...session, ...change };
      return keepSession(token, session);
    },
    async forget() {
      await data.forget();
      await forgetPageFolder(name);
      await forgetSession(token);
    },
  };
}
