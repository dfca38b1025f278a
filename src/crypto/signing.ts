/**
 * Ed25519 signatures (RFC 8032), the same in Node and in a page. A page that came over plain HTTP
 * from another machine has no Web Crypto, and older browsers lack Ed25519 in it, so both use one
 * audited implementation in JavaScript. It answers at once, so that messages keep their order.
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { bytesToHex, hexToBytes } from '@noble/curves/utils.js';

/**
 * 32 bytes. Anybody who has them can sign: they are kept in a file of mode 0600, and never printed.
 */
export type SecretKey = Uint8Array;

/** Drawn by the system's generator. */
export const newSecretKey = (): SecretKey => globalThis.crypto.getRandomValues(new Uint8Array(32));

/** @returns the public key that belongs to it: 64 lower-case hexadecimal digits */
export const publicKeyOf = (secret: SecretKey): string => bytesToHex(ed25519.getPublicKey(secret));

/** @returns 128 lower-case hexadecimal digits, always the same for the same message */
export const sign = (secret: SecretKey, message: Uint8Array): string =>
  bytesToHex(ed25519.sign(message, secret));

/**
 * Strict, as RFC 8032 has it: one encoding of each key and signature, and no key of small order.
 */
export function verify(publicKey: string, message: Uint8Array, signature: string): boolean {
  try {
    return ed25519.verify(hexToBytes(signature), message, hexToBytes(publicKey), { zip215: false });
  } catch {
    return false;
  }
}
