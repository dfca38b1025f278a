/** SHA-256 where there is no Node: by Web Crypto, which Node has too. */
import { TensorError } from './error.js';

/** @returns 64 lower-case hexadecimal digits */
export async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  // A page that came over plain HTTP from another machine has no Web Crypto.
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  if (subtle === undefined) {
    throw new TensorError('SHA-256 is not to be had in this page', {
      hint: 'open it by https, or from localhost',
    });
  }
  const digest = new Uint8Array(await subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
