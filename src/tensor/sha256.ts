/** SHA-256 where there is no Node: by Web Crypto, which Node has too, or in JavaScript. */

/** @returns 64 lower-case hexadecimal digits */
export async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  // A page that came over plain HTTP from another machine has none. Others need not load what is slower.
  const digest =
    subtle === undefined
      ? (await import('@noble/hashes/sha2.js')).sha256(bytes)
      : new Uint8Array(await subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
