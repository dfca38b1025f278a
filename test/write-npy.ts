/** Writes arrays as .npy files, as numpy does. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface NpyArray {
  /** [examples, …] */
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array | Uint8Array;
}

/** A folder with one file for each array, by its name. */
export function writeNpyFolder(folder: string, arrays: Readonly<Record<string, NpyArray>>): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, array] of Object.entries(arrays)) writeFileSync(join(folder, `${name}.npy`), npy(array));
}

function npy({ shape, values }: NpyArray): Uint8Array {
  const descr = values instanceof Float32Array ? '<f4' : values instanceof Int32Array ? '<i4' : '|u1';
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.map((n) => `${n},`).join(' ')}), }`;
  const header = `${text.padEnd(128 - 10 - 1)}\n`;
  const bytes = new Uint8Array(10 + header.length + values.byteLength);
  bytes.set([0x93, ...new TextEncoder().encode('NUMPY'), 1, 0, header.length & 255, header.length >> 8]);
  bytes.set(new TextEncoder().encode(header), 10);
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), 10 + header.length);
  return bytes;
}
