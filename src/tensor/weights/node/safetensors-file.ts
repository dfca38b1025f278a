/** Opens safetensors files for reading in pieces. Node only. */
import { type FileHandle, open } from 'node:fs/promises';
import { FOREIGN_PREFIX_BYTES } from '../../foreign-format.js';
import {
  parseSafetensorsHeader,
  type SafetensorsHeader,
  safetensorsDataStart,
} from '../../safetensors-header.js';
import type { StoredTensor } from '../stored-tensor.js';
import { readUpTo, type SourceFile, type TensorSource, unreadable } from './tensor-source.js';

export interface TensorFile extends TensorSource {
  readonly handle: FileHandle;
  readonly fd: number;
  readonly header: SafetensorsHeader;
}

/** Reads the bytes of a header. */
export type HeaderParser = (bytes: Uint8Array, path: string, size: number) => ParsedHeader;

export interface ParsedHeader {
  readonly header: SafetensorsHeader;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

export const parsedHeader: HeaderParser = (bytes, path, size) => {
  const header = parseSafetensorsHeader(bytes, path, size);
  const tensors = header.entries.map(({ name, dtype, shape, begin }): [string, StoredTensor] => [
    name,
    { name, dtype, shape, file: 0, position: header.dataStart + begin },
  ]);
  return { header, tensors: new Map(tensors) };
};

/** Files with the same header share one table in memory. */
export function sharedHeaders(): HeaderParser {
  let last: { readonly bytes: Uint8Array; readonly size: number; readonly parsed: ParsedHeader } | undefined;
  return (bytes, path, size) => {
    if (last?.size !== size || Buffer.compare(last.bytes, bytes) !== 0) {
      last = { bytes, size, parsed: parsedHeader(bytes, path, size) };
    }
    return last.parsed;
  };
}

/**
 * Opens a safetensors file, and no other, and reads its header. The caller closes `handle`.
 * @throws UnreadableError when it cannot be read, TensorError when it is not a safetensors file or
 * is cut short.
 */
export async function openTensorFile(path: string): Promise<TensorFile> {
  const handle = await open(path, 'r').catch((cause) => {
    throw unreadable(path, cause);
  });
  try {
    const { dev, ino, size, mtimeMs } = await handle.stat();
    const { fd } = handle;
    const file = { path, fd, identity: { dev, ino, size, mtimeMs } };
    const prefix = readUpTo(fd, path, 0, new Uint8Array(Math.min(FOREIGN_PREFIX_BYTES, size)));
    return { path, files: [file], fd, handle, ...safetensorsContent(file, prefix, parsedHeader) };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** @param prefix the first bytes of the file */
export function safetensorsContent(
  { path, fd, identity }: SourceFile & { readonly fd: number },
  prefix: Uint8Array,
  parse: HeaderParser,
) {
  const { size } = identity;
  const bytes = new Uint8Array(safetensorsDataStart(prefix, path, size));
  const { header, tensors } = parse(readUpTo(fd, path, 0, bytes), path, size);
  const { metadata } = header;
  return { format: 'safetensors', tensors, metadata, notes: [], header } as const;
}
