/**
 * The blobs that participants fetch before round 1: the first weights, if participants cannot draw
 * them themselves, the plan, if they cannot compile it, and the tokenizer of texts. Each can be
 * made again if it is damaged on the disk.
 */
import type { Blob } from '../../protocol/blob-name.js';
import { encodeSafetensors } from '../../tensor/safetensors.js';
import type { BlobFolder } from '../../transport/transport.js';
import type { FederationWithNetwork } from '../plan/compile-federation.js';
import { offeredPlan } from '../plan/foreign-plan.js';

export interface DownloadableBlobs {
  /** The SHA-256 of the model that round 1 begins with. */
  readonly initial: string | undefined;
  readonly plan: Blob | undefined;
  /** The frozen weights. */
  readonly frozen: Blob | undefined;
  /** The first values of the participants' own tensors. */
  readonly own: Blob | undefined;
  /** The tokenizer of texts. */
  readonly tokenizer: Blob | undefined;
  /** Functions that make the bytes of the blobs again, by their SHA-256. */
  readonly bytesOf: ReadonlyMap<string, () => Uint8Array>;
}

interface GivenBeside {
  /** Whether the plan is offered although participants can compile it. */
  readonly offerPlan?: boolean | undefined;
  /** The bytes of the tokenizer's file. */
  readonly tokenizer?: Uint8Array | undefined;
}

/** @param isGiven whether there is a model to start from */
export async function giveBlobs(
  blobs: BlobFolder,
  compiled: FederationWithNetwork,
  isGiven: boolean,
  { offerPlan, tokenizer }: GivenBeside = {},
): Promise<DownloadableBlobs> {
  const offered = offeredPlan(compiled, offerPlan);
  const start = isGiven || offered !== undefined ? compiled.initialState('') : undefined;
  const bytesOf = new Map<string, () => Uint8Array>();
  const give = async (make: () => Uint8Array) => {
    const blob = await blobs.put(make());
    bytesOf.set(blob.sha256, make);
    return blob;
  };
  // Weights that are drawn by the seed need no transfer, except to participants without the
  // network.
  const held = start && compiled.frozen?.known;
  const own = start && compiled.own?.initial('');
  return {
    frozen: held && (await give(() => encodeSafetensors(held))),
    own: own && (await give(() => encodeSafetensors(own))),
    initial: start && (await give(() => encodeSafetensors(start))).sha256,
    plan: offered && (await give(() => offered)),
    tokenizer: tokenizer && (await give(() => tokenizer)),
    bytesOf,
  };
}
