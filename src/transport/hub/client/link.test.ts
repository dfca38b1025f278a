import { describe, expect, it } from 'vitest';
import { linkTo, readFragment, readLink } from './link.js';

const token = 'qB3x-YzK0_abcdefghijklmnopqrstuvwxyzABCDEF1';

describe('a link to a hub', () => {
  it('is an address and a token, for either page', () => {
    for (const page of ['join', 'watch'] as const) {
      for (const address of ['http://127.0.0.1:8470', 'https://hub.example.org/']) {
        const { address: read, ...fragment } = readLink(linkTo(page, address, token));
        expect(read).toBe(address.replace(/\/$/, ''));
        expect(fragment).toEqual({ token, key: undefined, isCutOff: false });
      }
    }
  });

  it('may have the fingerprint of the coordinator’s key beside the token', () => {
    const key = 'ab12'.repeat(16);
    const link = readLink(`https://host:8470/join#key=${key}&token=${token}`);
    expect(link).toEqual({ address: 'https://host:8470', token, key, isCutOff: false });
  });

  it('that is cut short has no token, and no other text is an address because of it', () => {
    expect(readFragment('#token=abc').token).toBeUndefined();
    const cut = ['token=abc', `token=${token}b`, `token=${token}&key=ab12`, `key=ab12`];
    for (const fragment of cut) expect(readFragment(fragment).isCutOff).toBe(true);
    for (const fragment of ['', 'token=', `token=${token}`])
      expect(readFragment(fragment).isCutOff).toBe(false);
    expect(readLink('http://host:1/join#token=abc')).toMatchObject({
      address: 'http://host:1',
      token: undefined,
    });
    for (const other of ['http://host/elsewhere', 'runs/v', 'nats://host:4222', '', 'http://host/?a=/join']) {
      expect(readLink(other).address).toBe(other);
    }
  });
});
