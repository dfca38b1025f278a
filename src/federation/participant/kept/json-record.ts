/**
 * The small JSON files in a participant's folder: a line each, read by a schema. A file that was
 * changed or cut short is no record; its reader says what follows from that.
 */
import type { z } from 'zod';

export const encodeRecord = (record: object): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(`${JSON.stringify(record)}\n`);

/** @returns undefined if there is no such file, or what is in it does not fit the schema */
export function decodeRecord<Schema extends z.ZodType>(
  schema: Schema,
  bytes: Uint8Array | undefined,
): z.output<Schema> | undefined {
  if (bytes === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return undefined;
  }
}
