import { describe, expect, it } from 'vitest';
import { unencrypted } from './unencrypted.js';

describe('that nothing is encrypted', () => {
  it.each([
    'http://hub.example:8470',
    'http://[2001:db8::1]:1',
    'HTTP://10.0.0.7',
    'http://127.evil.example@10.0.0.7',
  ])('is said of %s', (address) => {
    expect(unencrypted(address)).toMatch(/^nothing is encrypted on the way to \S+: /);
  });

  it.each([
    'https://hub.example:8470',
    'http://127.0.0.1:8470',
    'http://localhost:8470',
    'http://[::1]:8470',
    'tls://nats.example:4222',
    'nats://127.0.0.1:4222',
    'runs/v',
  ])('is not said of %s', (address) => {
    expect(unencrypted(address)).toBeUndefined();
  });

  it('is said of NATS with the reserve that its server may ask for it, of one of several too', () => {
    expect(unencrypted('nats://127.0.0.1:4222, nats://nats.example:4222')).toBe(
      'nothing may be encrypted on the way to nats.example, unless the NATS server asks for it; tls:// encrypts',
    );
  });
});
