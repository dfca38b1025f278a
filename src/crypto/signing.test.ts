import { createPrivateKey, createPublicKey, sign as nodeSign, verify as nodeVerify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { newSecretKey, publicKeyOf, sign, verify } from './signing.js';

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));

/** RFC 8032, 7.1: secret key, public key, message, signature. */
const vectors = [
  [
    '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    '',
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  ],
  [
    '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    '72',
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ],
  [
    'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    'af82',
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  ],
  [
    '833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42',
    'ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf',
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
    'dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704',
  ],
] as const;

describe('a signature', () => {
  it.each(vectors)('is that of RFC 8032 (%#)', (secret, publicKey, message, signature) => {
    expect(publicKeyOf(bytes(secret))).toBe(publicKey);
    expect(sign(bytes(secret), bytes(message))).toBe(signature);
    expect(verify(publicKey, bytes(message), signature)).toBe(true);
  });

  it('is that of OpenSSL, and OpenSSL takes ours', () => {
    for (const length of [0, 1, 100, 10_000]) {
      const secret = newSecretKey();
      const message = new Uint8Array(length).fill(length);
      const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), secret]);
      const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
      expect(nodeSign(null, message, key).toString('hex')).toBe(sign(secret, message));
      expect(nodeVerify(null, message, createPublicKey(key), bytes(sign(secret, message)))).toBe(true);
    }
  });

  it('holds for one message and one key, and for nothing that is no signature', () => {
    const secret = newSecretKey();
    const publicKey = publicKeyOf(secret);
    const message = bytes('0102');
    const signature = sign(secret, message);
    expect(verify(publicKey, message, signature)).toBe(true);
    expect(verify(publicKey, bytes('0103'), signature)).toBe(false);
    expect(verify(publicKeyOf(newSecretKey()), message, signature)).toBe(false);
    for (let at = 0; at < signature.length; at += 7) {
      const digit = signature[at] === '0' ? '1' : '0';
      expect(verify(publicKey, message, signature.slice(0, at) + digit + signature.slice(at + 1))).toBe(
        false,
      );
    }
    for (const wrong of ['', 'ab', 'not hexadecimal', signature.slice(2), `${signature}00`])
      expect(verify(publicKey, message, wrong)).toBe(false);
    expect(verify('zz', message, signature)).toBe(false);
  });

  it('is not taken in a second form: of the same S plus the order of the group, or by a key of small order', () => {
    const [, publicKey, message, signature] = vectors[1];
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    const little = (hex: string) => BigInt(`0x${Buffer.from(hex, 'hex').reverse().toString('hex')}`);
    const s = little(signature.slice(64)) + order;
    const other = Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse().toString('hex');
    expect(verify(publicKey, bytes(message), signature.slice(0, 64) + other)).toBe(false);
    const neutral = `01${'00'.repeat(31)}`;
    expect(verify(neutral, bytes(message), neutral + '00'.repeat(32))).toBe(false);
  });
});

it('keys are drawn anew each time', () => {
  expect(publicKeyOf(newSecretKey())).not.toBe(publicKeyOf(newSecretKey()));
});
