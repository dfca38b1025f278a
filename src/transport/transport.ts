/**
 * A transport opens a channel between a coordinator and its participants. Three things pass through
 * it: assignments to all participants, of which only the current one matters; announcements of
 * participants, each at least once; and blobs, which have their hash as a name. One contract suite
 * (`transport.contract.ts`) runs against every transport: in-process, the hub (HTTP and WebSocket),
 * NATS.
 */
import type { Announcement, Progress, Receipt } from '../protocol/announcement.js';
import type { Assignment } from '../protocol/assignment.js';
import type { Blob } from '../protocol/blob-name.js';
import type { Description } from '../protocol/description.js';
import type { Signer } from '../protocol/signed.js';
import type { BroughtBlobs } from './brought.js';

/**
 * The coordinator's handlers for a transport: called with what comes in, which has been checked
 * against its schema.
 */
export interface CoordinatorHandlers {
  readonly description: Description;
  /**
   * Called at least once for every announcement; a participant's announcements come one after the
   * other. The blobs that it names are in the coordinator's folder and have their hashes. For a
   * repeated announcement they may be gone again.
   * @returns once the announcement is recorded, or refused
   */
  receive(participant: string, announcement: Announcement): Promise<Receipt>;
  /**
   * Called when a participant's connection is there, or is gone. This alone changes nothing in the
   * run.
   */
  onPresence?(participant: string, present: boolean): void;
  onProgress?(participant: string, progress: Progress): void;
  /** Whether the run refers to this blob, so that it must stay. */
  holds?(sha256: string): boolean;
  /** The blobs that each participant has uploaded; the transport records them here. */
  readonly brought?: BroughtBlobs;
  /**
   * Repairs a blob that is damaged on the disk and must be sent. @throws when it cannot be repaired
   */
  onDamaged?(sha256: string): Promise<void>;
  /** Called when another coordinator has taken over. */
  onFenced?(error: Error): void;
}

/** Handlers for a transport whose messages leave the process, and so are signed. */
export interface SigningHandlers extends CoordinatorHandlers {
  /** The epoch of this coordinator; see `protocol/assignment.ts`. */
  readonly epoch: number;
  /** Signs the description, and every assignment. */
  readonly signer: Signer;
}

/** The blobs of a job on the coordinator's disk. */
export interface BlobFolder {
  has(sha256: string): Promise<boolean>;
  /** The path of a blob that is there. */
  pathOf(sha256: string): string;
  /** Keeps bytes under their hash, synced. */
  put(bytes: Uint8Array): Promise<Blob>;
  /**
   * Describes the blob with this hash, without reading it. @throws TransportError when it is not
   * there
   */
  describe(sha256: string): Promise<Blob>;
  /** Whether the bytes on the disk are still those of the hash. */
  isSound(sha256: string): Promise<boolean>;
  /** Keeps a second copy of a file, in case one is damaged. */
  copy(path: string): Promise<Blob>;
  /**
   * Takes over a finished file by renaming it; `path` is on the same disk.
   * @param verified its hash and size, so that it is not read once more
   * @param synced resolves when the bytes are on the disk; if left out, they are. A request for the
   *   blob waits for it.
   */
  adopt(path: string, verified: Blob, synced?: Promise<void>): Promise<void>;
  /** @throws TransportError when it is not there, or is damaged */
  get(sha256: string): Promise<Uint8Array>;
  /** Removes a blob that is no longer needed. */
  discard(sha256: string): Promise<void>;
  /** Removes all blobs but these. */
  discardOthers(than: ReadonlySet<string>): Promise<void>;
}

export interface CoordinatorEnd {
  readonly blobs: BlobFolder;
  /**
   * Publishes the assignment that replaces the one before. The blobs that it names are in `blobs`.
   * @throws FencedError when another coordinator has taken over
   */
  publish(assignment: Assignment): Promise<void>;
  close(): Promise<void>;
}

/** The coordinator whose statements a participant accepts. */
export interface MetCoordinator {
  /** Its public key. */
  readonly key: string;
  /** Whether the key was given, and not taken from the first description. */
  readonly isGiven: boolean;
  /** The epoch of its description. */
  readonly epoch: number;
}

export interface ParticipantEnd {
  readonly description: Description;
  /** Undefined if both are in one process, with nobody between them. */
  readonly coordinator?: MetCoordinator | undefined;
  /**
   * The current assignment, then each that replaces it. One that was replaced meanwhile may be
   * skipped. Ends when the end is closed.
   */
  assignments(): AsyncIterable<Assignment>;
  /**
   * Repeats the announcement until there is a receipt, through lost connections and restarts of the
   * coordinator.
   * @throws TransportError when the channel was closed meanwhile
   */
  announce(announcement: Announcement): Promise<Receipt>;
  /** Tells the progress; it may be lost. */
  tell(progress: Progress): void;
  /**
   * Resolves when the coordinator has the whole blob. After a lost connection the upload resumes.
   * @param known the hash and size of the bytes, so that they are not hashed once more
   */
  upload(bytes: Uint8Array, known?: Blob): Promise<Blob>;
  /**
   * @throws NoBlobError when the blob is not there; TransportError when the bytes do not have the
   *   hash, however often it is tried
   */
  download(blob: Blob): Promise<Uint8Array>;
  close(): Promise<void>;
}

/**
 * Passes a participant's share of a public data set, encoded, to a function that sends it. The
 * bytes are valid only until it has sent them.
 */
export type LendShare = (participant: string, send: (bytes: Uint8Array) => Promise<void>) => Promise<void>;
