/** Publishes the present assignment whenever it differs from the last one. */
import type { Blob } from '../../../protocol/blob-name.js';
import type { BlobFolder, CoordinatorEnd } from '../../../transport/transport.js';
import { assign } from '../../rounds/assign.js';
import type { RunState } from '../../rounds/round.js';

export interface PublishingOptions {
  readonly blobs: BlobFolder;
  /** The model that round 1 begins with, if one was given. */
  readonly initial: string | undefined;
  /** Repairs a blob that participants will fetch. @throws when it cannot be restored */
  mend?(sha256: string): Promise<void>;
  /** The SHA-256 of the final model, for participants of the run. */
  finalModel?(state: RunState): string | undefined;
  /** The cut-off of that model, if the run chooses one. */
  cutOff?(state: RunState): number | undefined;
  onAssigned?(): void;
}

/** @returns whether all have been told that the run is over */
export type Publish = (state: RunState) => Promise<boolean>;

/** An assignment names at most three. */
const MOST_OFFERED = 4;

export function publishing(end: CoordinatorEnd, epoch: number, options: PublishingOptions): Publish {
  const blobOf = offeredBlobs(options);
  const { initial } = options;
  let said = '';
  let sequence = 0;
  return async (state) => {
    const isOver = state.stopped !== undefined;
    const final = isOver ? options.finalModel?.(state) : undefined;
    const cutOff = isOver ? options.cutOff?.(state) : undefined;
    const assigned = await assign(state, { initial, final, cutOff, blobOf });
    // The list of those who are waited for changes with every answer; it is sent with the next
    // other change.
    const key = JSON.stringify({ ...assigned, waitingFor: undefined });
    if (key !== said) {
      said = key;
      await end.publish({ ...assigned, epoch, sequence: sequence++ });
      options.onAssigned?.();
    }
    return assigned.type === 'finished';
  };
}

/** Remembers the blobs that were checked before they were offered. */
function offeredBlobs({ blobs, mend }: PublishingOptions): (sha256: string) => Promise<Blob> {
  const offered = new Map<string, Blob>();
  return async (sha256) => {
    const known = offered.get(sha256);
    if (known !== undefined) return known;
    await mend?.(sha256);
    const blob = await blobs.describe(sha256);
    offered.set(sha256, blob);
    const [oldest] = offered.keys();
    if (offered.size > MOST_OFFERED && oldest !== undefined) offered.delete(oldest);
    return blob;
  };
}
