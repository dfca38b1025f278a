/**
 * Values of a column in a file on a disk, read at the places that are asked for. The file has no
 * name from its first moment, so that nothing is left of it however the process ends. All threads
 * of a process read from it by its descriptor, at places of their own. Node only.
 */
import { closeSync, fstatSync, mkdirSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { reasonOf } from '../../../base/node/reason.js';
import type { ColumnValues } from '../../dataset.js';
import { DataError } from '../../error.js';
import { KINDS, type PagedValues, type ValuesKind, type ValuesWriter } from '../../paged-values.js';

/** What passes between threads; methods do not. */
interface PagedFileFields {
  readonly descriptor: number;
  readonly kind: ValuesKind;
  readonly length: number;
}

export class PagedFile implements PagedValues, PagedFileFields {
  readonly descriptor: number;
  readonly kind: ValuesKind;
  readonly length: number;
  /** A descriptor may be that of another file after it was closed. */
  isClosed = false;

  constructor({ descriptor, kind, length }: PagedFileFields) {
    this.descriptor = descriptor;
    this.kind = kind;
    this.length = length;
  }

  get BYTES_PER_ELEMENT(): number {
    return KINDS[this.kind].BYTES_PER_ELEMENT;
  }

  get byteLength(): number {
    return this.length * this.BYTES_PER_ELEMENT;
  }

  slice(start: number, end: number): ColumnValues {
    const values = new KINDS[this.kind](end - start);
    this.#read(values, start);
    return values;
  }

  copyTo(into: ColumnValues, at: number, start: number, end: number): void {
    // Bytes become the numbers of a batch.
    if (into instanceof KINDS[this.kind]) this.#read(into.subarray(at, at + end - start), start);
    else into.set(this.slice(start, end), at);
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    closeSync(this.descriptor);
  }

  #read(into: ColumnValues, start: number): void {
    if (this.isClosed) throw new Error('internal: these values were closed');
    const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
    const place = start * this.BYTES_PER_ELEMENT;
    for (let done = 0; done < bytes.length; ) {
      const read = readSync(this.descriptor, bytes, done, bytes.length - done, place + done);
      if (read === 0) throw new Error(`internal: ${place + done} is beyond the end of the values`);
      done += read;
    }
  }
}

/** The same values in the thread that they were sent to, where they came as mere fields. */
export const receivedValues = (values: PagedValues): PagedFile =>
  new PagedFile(values as PagedValues & PagedFileFields);

/**
 * Writes values into a file without a name.
 * @param folder where it takes its room; it is created if it does not exist
 * @throws DataError when there is no such room
 */
export function pagedFileWriter(folder: string, kind: ValuesKind): ValuesWriter<PagedFile> {
  const descriptor = openNameless(folder);
  let bytesWritten = 0;
  return {
    append(values) {
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      for (let done = 0; done < bytes.length; ) {
        done += orSayNoRoom(folder, () => writeSync(descriptor, bytes, done, bytes.length - done));
      }
      bytesWritten += bytes.length;
    },
    finish() {
      if (fstatSync(descriptor).size !== bytesWritten) throw new Error('internal: the file is not whole');
      return new PagedFile({ descriptor, kind, length: bytesWritten / KINDS[kind].BYTES_PER_ELEMENT });
    },
    discard: () => closeSync(descriptor),
  };
}

function openNameless(folder: string): number {
  return orSayNoRoom(folder, () => {
    mkdirSync(folder, { recursive: true });
    const path = join(folder, `.columns-${process.pid}-${serial++}`);
    const descriptor = openSync(path, 'wx+', 0o600);
    unlinkSync(path);
    return descriptor;
  });
}

/** Files of one process differ by it, until they have no name. */
let serial = 0;

function orSayNoRoom<Done>(folder: string, act: () => Done): Done {
  try {
    return act();
  } catch (cause) {
    throw new DataError(
      `data: values cannot be kept in a file in "${folder}", where they are since they take much of the memory: ${reasonOf(cause)}`,
      { cause, hint: 'make room there, or allow for more memory by --max-memory' },
    );
  }
}
