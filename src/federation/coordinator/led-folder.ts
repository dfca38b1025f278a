/** A run folder and its leader: one coordinator at a time, even if others stand by. Node only. */
import { makeFolder } from '../../base/node/make-folder.js';
import { type Signer, signer as signerOf } from '../../protocol/signed.js';
import { FencedError } from '../../transport/error.js';
import { claimRun, jobOf, lastEpochOf } from '../record/run-claim.js';
import { keepRunData, keepTokenizer } from '../record/run-data.js';
import { openRunFolder, prepareRunFolder, type RunFolder } from '../record/run-folder.js';
import { stateCoding } from '../record/state-coding.js';
import type { RunStore } from '../rounds/run-store.js';
import { coordinatorKey } from './coordinator-key.js';
import type { PreparedService } from './setup/prepared-service.js';

/** The run of which a coordinator wants the lead. */
export interface LeadWanted {
  readonly signer: Signer;
  /** The largest epoch that the run has had. */
  lastEpoch(): Promise<number>;
}

/** A lead, whose signal is aborted when another coordinator has taken over. */
export interface Leadership {
  readonly epoch: number;
  readonly signal: AbortSignal;
}

export interface LedFolder {
  readonly folder: RunFolder;
  readonly job: string;
  readonly signer: Signer;
  readonly epoch: number;
  /** Aborted when another process has taken the folder. */
  readonly claimed: AbortSignal;
  /** Wraps a store so that it records nothing more once another coordinator leads. */
  led(store: RunStore): RunStore;
  close(): Promise<void>;
}

interface LeadFolderOptions {
  readonly out: string;
  readonly signal?: AbortSignal | undefined;
  readonly lead?: ((wanted: LeadWanted) => Promise<Leadership>) | undefined;
  readonly onWaiting?: ((notice: string) => void) | undefined;
}

export async function leadFolder(
  { configuration, compiled, test }: PreparedService,
  { out, signal, lead, onWaiting }: LeadFolderOptions,
): Promise<LedFolder> {
  // Weights tell about data, so only this user may read them.
  await makeFolder(out, { mode: 0o700 }).catch(() => undefined);
  await prepareRunFolder(out, configuration);
  const job = await jobOf(out);
  const signerHere = async () => signerOf(await coordinatorKey(out), job);
  const leadership = await lead?.({ signer: await signerHere(), lastEpoch: () => lastEpochOf(out) });
  const claim = await claimRun(out, { leads: leadership?.epoch, signal, onWaiting });
  const coding = stateCoding(compiled.layout, compiled.codec, compiled.model);
  let folder: RunFolder | undefined;
  const close = async () => {
    await folder?.close();
    await claim.release();
  };
  try {
    folder = await openRunFolder(out, configuration, coding, claim);
    await keepRunData(out, { train: test, test }, []);
    await keepTokenizer(out, configuration.data);
    return {
      // A folder that is refused gets no key.
      ...{ folder, job, signer: await signerHere(), claimed: claim.signal },
      epoch: leadership?.epoch ?? claim.number,
      led: (store) => ledBy(leadership, store),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A coordinator that no longer leads records nothing, since another one reads the same journal. */
function ledBy(lead: Leadership | undefined, store: RunStore): RunStore {
  if (lead === undefined) return store;
  return {
    ...store,
    async append(event) {
      if (lead.signal.aborted) throw new FencedError('federation: another coordinator has taken over');
      await store.append(event);
    },
  };
}
