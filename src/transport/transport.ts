/**
 * A transport opens a channel between a coordinator and its participants. Three things pass through
 * it: assignments to all, of which only the current one matters; announcements of participants, at
 * least once each; and blobs, known by their hash. One contract suite (`transport.contract.ts`)
 * runs against every transport: in-process, the hub (HTTP and WebSocket), NATS.
 */
import type { Announcement, Progress, Receipt } from '../protocol/announcement.js';
import type { Assignment } from '../protocol/assignment.js';
import type { Blob } from '../protocol/blob-name.js';
import type { Description } from '../protocol/description.js';
import type { Signer } from '../protocol/signed.js';
import type { BroughtBlobs } from './brought.js';

/** What a coordinator does with what comes in. Everything has been checked against its schema. */
export interface CoordinatorHandlers {
  readonly description: Description;
  /**
   * Called at least once for every announcement, one after the other for each participant. Blobs
   * that it names lie in the coordinator's blobs, with the bytes that their hashes say; or not any
   * more, where it is said once more.
   * @returns once the announcement is safe, or refused
   */
  receive(participant: string, announcement: Announcement): Promise<Receipt>;
  /** Its connection is there, or is gone: by itself this changes nothing in the run. */
  onPresence?(participant: string, present: boolean): void;
  onProgress?(participant: string, progress: Progress): void;
  /** The run refers to this blob: whatever becomes of who uploaded it, it stays. */
  holds?(sha256: string): boolean;
  /** What each participant has uploaded, as the transport notes it. */
  readonly brought?: BroughtBlobs;
  /**
   * The bytes of a blob are not those of its hash any more, and somebody is to have it. @throws
   * when it cannot be repaired
   */
  onDamaged?(sha256: string): Promise<void>;
  /** This coordinator is not the one any more. */
  onFenced?(error: Error): void;
}

/** Where messages leave the process: with what they are signed. */
export interface SigningHandlers extends CoordinatorHandlers {
  /** Of this coordinator; see `protocol/assignment.ts`. */
  readonly epoch: number;
  /** What it says, it signs by this: the description, and every assignment. */
  readonly signer: Signer;
}

/** The blobs of a job on the coordinator's disk. */
export interface BlobFolder {
  has(sha256: string): Promise<boolean>;
  /** Where a blob lies that is there. */
  pathOf(sha256: string): string;
  /** Keeps bytes, synced, under their hash. */
  put(bytes: Uint8Array): Promise<Blob>;
  /**
   * What lies there under this hash, by its name alone. @throws TransportError when it is not
   * there.
   */
  describe(sha256: string): Promise<Blob>;
  /** Whether the bytes on the disk are still those of the hash. */
  isSound(sha256: string): Promise<boolean>;
  /** Keeps a copy of a file: two, of which one may be damaged. */
  copy(path: string): Promise<Blob>;
  /**
   * Takes over a finished file by renaming it; `path` is on the same disk.
   * @param verified what it is: it is not read once more
   * @param synced when its bytes would survive a power cut; now, unless it is given. A request for
   *   the blob meanwhile waits.
   */
  adopt(path: string, verified: Blob, synced?: Promise<void>): Promise<void>;
  /** @throws TransportError when it is not there, or is damaged. */
  get(sha256: string): Promise<Uint8Array>;
  /** What is not needed any more. */
  discard(sha256: string): Promise<void>;
  /** All but these. */
  discardOthers(than: ReadonlySet<string>): Promise<void>;
}

export interface CoordinatorEnd {
  readonly blobs: BlobFolder;
  /**
   * What everybody is asked for now. Blobs that it names are in `blobs`. @throws FencedError when
   * another coordinator has taken over.
   */
  publish(assignment: Assignment): Promise<void>;
  close(): Promise<void>;
}

/** Whose word a participant takes. */
export interface MetCoordinator {
  /** Its public key. */
  readonly key: string;
  /** Whether the key was given, and not taken from its first words. */
  readonly isGiven: boolean;
  /** Of its description. */
  readonly epoch: number;
}

export interface ParticipantEnd {
  readonly description: Description;
  /** Nothing where both are in one process, and nobody between them. */
  readonly coordinator?: MetCoordinator | undefined;
  /**
   * The current assignment, then each that replaces it; one that was replaced meanwhile may be left
   * out. Ends when the end is closed.
   */
  assignments(): AsyncIterable<Assignment>;
  /**
   * Says it until there is a receipt, through lost connections and restarts of the coordinator.
   * @throws TransportError when the channel was closed meanwhile.
   */
  announce(announcement: Announcement): Promise<Receipt>;
  /** Now and then; may be lost. */
  tell(progress: Progress): void;
  /**
   * Resolves when the coordinator has all of it; a lost connection goes on where it was.
   * @param known what the bytes are, where that is known: they are not hashed once more then
   */
  upload(bytes: Uint8Array, known?: Blob): Promise<Blob>;
  /**
   * @throws NoBlobError when it is not there; TransportError when what came is not what the hash
   *   says, however often it is tried.
   */
  download(blob: Blob): Promise<Uint8Array>;
  close(): Promise<void>;
}

/**
 * A participant's share of a public data set, as it travels, for what sends it; it need not be
 * there any longer.
 */
export type LendShare = (participant: string, send: (bytes: Uint8Array) => Promise<void>) => Promise<void>;
