/**
 * Finds the federation of a participant: by the key of the account's current job, and that job's
 * description. Node only.
 */
import { JetStreamApiError } from '@nats-io/jetstream';
import type { Description } from '../../../protocol/description.js';
import { signedSchema } from '../../../protocol/signed.js';
import { PROTOCOL_VERSION } from '../../../protocol/version.js';
import { type CoordinatorVoice, SpoiledError } from '../../coordinator-voice.js';
import { TransportError } from '../../error.js';
import type { Patience } from '../../patience.js';
import { type Nats, untilThere } from '../connection.js';
import { isFinal } from '../explain.js';
import { type Buckets, openLayout } from '../layout.js';
import { type BlobChannel, currentSchema, natsDescribedSchema } from '../messages.js';
import { CURRENT_KEY, descriptionKey } from '../names.js';
import { mustReadKey } from './read-key.js';

export interface FoundFederation {
  readonly buckets: Buckets;
  readonly description: Description;
  /** The epoch of the coordinator that signed it. */
  readonly epoch: number;
  readonly key: string;
  readonly blobPlace: BlobChannel;
}

/**
 * Resolves once there is a federation. It waits only if there is an `onTrouble` to be told.
 * @throws TransportError when there is none, or it speaks another protocol; OtherKeyError when it
 *   has another key than the one given
 */
export const findFederation = (
  nats: Nats,
  url: string,
  voice: CoordinatorVoice,
  patience: Patience,
): Promise<FoundFederation> =>
  untilThere(
    () => nats.outages.through(() => readFederation(nats, url, voice)),
    (error) => isMatterOfTime(error) || !isFinal(error),
    patience,
  );

async function readFederation(nats: Nats, url: string, voice: CoordinatorVoice): Promise<FoundFederation> {
  try {
    const buckets = await openLayout(nats);
    const job = await readCurrentJob(buckets, url);
    const entry = await buckets.state.get(descriptionKey(job));
    if (entry === null) throw new NobodyThereError(url);
    const signed = mustReadKey(signedSchema, entry);
    const met = voice.meet(signed, 'nats-description', natsDescribedSchema);
    const { blobs: blobPlace, description, epoch } = met;
    return { buckets, blobPlace, description, epoch, key: signed.key };
  } catch (error) {
    throw isMissing(error) ? new NobodyThereError(url) : error;
  }
}

async function readCurrentJob({ state }: Buckets, url: string): Promise<string> {
  const entry = await state.get(CURRENT_KEY);
  if (entry === null) throw new NobodyThereError(url);
  const current = mustReadKey(currentSchema, entry);
  if (current.protocol === PROTOCOL_VERSION) return current.job;
  throw new TransportError(
    `nats: the coordinator speaks protocol ${current.protocol}, this participant ${PROTOCOL_VERSION}`,
    { hint: 'install the same version of commonweight at all sites' },
  );
}

class NobodyThereError extends TransportError {
  constructor(url: string) {
    super(`nats: no federation has been started at ${url}`, {
      hint: 'start the coordinator first: commonweight serve federation.yaml --nats URL',
    });
  }
}

/** A running coordinator overwrites values that are not its own, so these errors may go away. */
const isMatterOfTime = (error: unknown) => error instanceof NobodyThereError || error instanceof SpoiledError;

const isMissing = (error: unknown) => error instanceof JetStreamApiError && error.status === 404;
