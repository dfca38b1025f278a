/**
 * Downloads the states that the coordinator offers: models, and the common states of methods. Each
 * is checked before it is used: its size before it is fetched, then its tensors, and that every
 * number is finite.
 */
import { unlessAborted } from '../../base/unless-aborted.js';
import { ModelFileError, requireFinite } from '../../engine/nn/model-file.js';
import type { Blob } from '../../protocol/blob-name.js';
import type { StateDict, StateLayout } from '../../tensor/state-dict.js';
import { DivergedError } from '../../training/error.js';
import type { Codec, Codecs } from '../../transforms/codec/codec.js';
import { decodeCodedModel, mostBytes } from '../../transforms/codec/coded-file.js';
import { plain } from '../../transforms/codec/plain.js';
import { pause } from '../../transport/backoff.js';
import { NoBlobError } from '../../transport/error.js';
import type { ParticipantEnd } from '../../transport/transport.js';
import { FederationError } from '../error.js';

export interface OfferedStates {
  /** A model, and its file. */
  modelFile(blob: Blob, round: number, signal: AbortSignal): Promise<OfferedModel>;
  /**
   * A model. The last one is remembered: the next round begins with the model that is evaluated
   * after a round.
   */
  model(blob: Blob, round: number, signal: AbortSignal): Promise<StateDict>;
  /** @param what such as "control variate" */
  common(
    blob: Blob,
    what: string,
    layout: StateLayout,
    round: number,
    signal: AbortSignal,
  ): Promise<StateDict>;
}

export interface OfferedModel {
  readonly bytes: Uint8Array;
  readonly state: StateDict;
}

/** How often a download is tried while the blob is missing, with a pause between tries. */
const DOWNLOADS = 120;
const AGAIN_MS = 500;

/**
 * @param codec that encodes merged models
 * @param onDownload called before a blob of a round is fetched
 */
export function offeredStates(
  end: Pick<ParticipantEnd, 'download'>,
  layout: StateLayout,
  { model: codec }: Pick<Codecs, 'model'>,
  onDownload: (round: number) => void,
): OfferedStates {
  let latest: { readonly sha256: string; readonly state: StateDict } | undefined;

  async function fetchState(
    blob: Blob,
    what: string,
    expected: StateLayout,
    codec: Codec,
    signal: AbortSignal,
  ): Promise<OfferedModel> {
    // Room for the table of tensors, and for a description of the network.
    const most = mostBytes(expected, codec) + 1024 * expected.length + 2 ** 20;
    if (blob.bytes > most) {
      throw new FederationError(`federation: ${what} has ${blob.bytes} bytes, expected at most ${most}`);
    }
    const bytes = await fetchPatiently(end, blob, signal);
    const state = decodeCodedModel(bytes, expected, codec, what);
    requireSound(state, what);
    return { bytes, state };
  }

  function fetchModel(blob: Blob, round: number, signal: AbortSignal) {
    onDownload(round);
    return fetchState(blob, `the model of round ${round} that the coordinator offers`, layout, codec, signal);
  }

  return {
    modelFile: fetchModel,
    async model(blob, round, signal) {
      if (latest?.sha256 !== blob.sha256) {
        latest = { sha256: blob.sha256, state: (await fetchModel(blob, round, signal)).state };
      }
      return latest.state;
    },
    async common(blob, what, expected, round, signal) {
      onDownload(round);
      const named = `the common ${what} of round ${round} that the coordinator offers`;
      return (await fetchState(blob, named, expected, plain, signal)).state;
    },
  };
}

/**
 * A coordinator that was killed may restart at a later point, without the blob. Its next assignment
 * is about to come.
 */
async function fetchPatiently(
  end: Pick<ParticipantEnd, 'download'>,
  blob: Blob,
  signal: AbortSignal,
): Promise<Uint8Array> {
  for (let tried = 1; ; tried++) {
    try {
      return await unlessAborted(end.download(blob), signal);
    } catch (error) {
      if (!(error instanceof NoBlobError) || tried === DOWNLOADS) throw error;
    }
    await unlessAborted(pause(AGAIN_MS, signal), signal);
  }
}

/** Refuses a state with a number that is not finite. */
function requireSound(state: StateDict, what: string): void {
  try {
    requireFinite(state, what);
  } catch (cause) {
    if (!(cause instanceof ModelFileError)) throw cause;
    throw new DivergedError(cause.message, { cause });
  }
}
