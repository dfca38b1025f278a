/** SHA-256 without Node: by Web Crypto, which Node has too, or in JavaScript. */
import { sha256 } from '@noble/hashes/sha2.js';

/** @returns 64 lower-case hexadecimal digits */
export async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  // A page that came over plain HTTP from another machine has none.
  const digest = subtle === undefined ? sha256(bytes) : new Uint8Array(await subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
