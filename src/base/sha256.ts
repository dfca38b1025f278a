/** SHA-256 without Node: by Web Crypto, which Node has too, or in JavaScript. */
import { sha256 } from '@noble/hashes/sha2.js';

/** @returns 64 lower-case hexadecimal digits */
export async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  // A page that came over plain HTTP from another machine has none.
  return subtle === undefined
    ? sha256HexNow(bytes)
    : hexadecimal(new Uint8Array(await subtle.digest('SHA-256', bytes)));
}

/** The same at once, in JavaScript: of a few kilobytes. */
export const sha256HexNow = (text: string | Uint8Array): string =>
  hexadecimal(sha256(typeof text === 'string' ? new TextEncoder().encode(text) : text));

const hexadecimal = (digest: Uint8Array) =>
  Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
