/** SHA-256 at once, by Node: for bytes that are in memory. Node only. */
import { createHash } from 'node:crypto';

/** @returns 64 lower-case hexadecimal digits */
export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
