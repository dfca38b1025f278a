/** Texts with their labels, as files have them: read one after the other, as often as asked. */
import type { ByteSource } from '../parquet/parquet-file.js';

export interface TextExample {
  readonly text: string;
  /** Undefined if there is none. */
  readonly label: string | undefined;
  /** Where it is, such as "line 3", or the path of its file. */
  readonly place: string;
}

export interface TextSet {
  /** In messages. */
  readonly path: string;
  /** Of the data set. */
  readonly name: string;
  /** Some at a time. */
  examples(): AsyncIterable<readonly TextExample[]>;
}

/** A file on a disk, or one that was chosen in a page. */
export interface TextFile {
  /** Its name in messages; its ending says what it is. */
  readonly name: string;
  /** Its bytes, unpacked if they are gzipped. A piece is valid until the next one is asked for. */
  pieces(): AsyncIterable<Uint8Array>;
  source(): Promise<ByteSource & { close(): Promise<void> }>;
}
