import { describe, expect, it } from 'vitest';
import { CommonweightError } from './error.js';
import { redacted } from './redacted.js';

const token = 'qB3x-YzK0_abcdefghijklmnopqrstuvwxyzABCDEF1';

describe('a text without its secrets', () => {
  it.each([
    [`http://host:8470/join#token=${token}`, 'http://host:8470/join#token=…'],
    [`http://host/#key=ab12&token=${token}&more=1`, 'http://host/#key=ab12&token=…&more=1'],
    ['a link cut short: #token=abc', 'a link cut short: #token=…'],
    [`unknown option '--tokn=${token}'`, "unknown option '--tokn=…'"],
    [`unknown command '${token}'`, "unknown command '…'"],
    ['{"token":"short","a":1}', '{"token":"…","a":1}'],
    ['nats://user:p/a@ss@host:4222,nats://b', 'nats://…@host:4222,nats://b'],
    ['tls://justatoken@host', 'tls://…@host'],
  ])('has %s as %s', (text, shown) => {
    expect(redacted(text)).toBe(shown);
  });

  it.each([
    'a'.repeat(43),
    'f'.repeat(64),
    'Qq'.repeat(32),
    'this is not a token, expected 43 letters',
    'it ends in #token= and 43 letters and digits',
    'at file:///home/me/node_modules/@nats-io/core/lib.js:1:2',
    'write to somebody@example.org',
  ])('is left as it is where there are none: %s', (text) => {
    expect(redacted(text)).toBe(text);
  });

  it('is what every error of ours says', () => {
    const error = new CommonweightError(`"${token}" is wrong`, { hint: `not nats://a:b@c` });
    expect([error.message, error.hint]).toEqual(['"…" is wrong', 'not nats://…@c']);
  });
});
