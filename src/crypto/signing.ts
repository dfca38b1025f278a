/**
 * Ed25519 signatures (RFC 8032), the same in Node and in a page. A page served over plain HTTP from
 * another machine has no Web Crypto, and older browsers lack Ed25519 in it. So both use one audited
 * implementation in JavaScript. It is synchronous, so messages keep their order.
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { bytesToHex, hexToBytes } from '@noble/curves/utils.js';

/**
 * 32 bytes. Anybody who has them can sign, so they are kept in a file of mode 0600 and never
 * printed.
 */
export type SecretKey = Uint8Array;

/** From the random generator of the system. */
export const newSecretKey = (): SecretKey => globalThis.crypto.getRandomValues(new Uint8Array(32));

/** @returns the public key: 64 lower-case hexadecimal digits */
export const publicKeyOf = (secret: SecretKey): string => bytesToHex(ed25519.getPublicKey(secret));

/** @returns 128 lower-case hexadecimal digits, always the same for the same message */
export const sign = (secret: SecretKey, message: Uint8Array): string =>
  bytesToHex(ed25519.sign(message, secret));

/** Strict, as in RFC 8032: one encoding of each key and signature, and no key of small order. */
export function verify(publicKey: string, message: Uint8Array, signature: string): boolean {
  try {
    return ed25519.verify(hexToBytes(signature), message, hexToBytes(publicKey), { zip215: false });
  } catch {
    return false;
  }
}
