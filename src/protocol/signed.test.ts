import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readSigned, signer } from './signed.js';

const job = '0123456789abcdef';
const secret = new Uint8Array(32).fill(7);
const mine = signer(secret, job);
const schema = z.strictObject({ round: z.int() });
const expected = { kind: 'assignment', schema, key: mine.key, job } as const;

describe('a signed statement', () => {
  it('is read by whoever knows the key', () => {
    const signed = mine.sign('assignment', { round: 3 });
    expect(readSigned(signed, expected)).toEqual({ value: { round: 3 }, job });
    expect(readSigned(signed, { kind: 'assignment', schema })).toEqual({ value: { round: 3 }, job });
    // Any text, also one that UTF-8 has no bytes for.
    const odd = mine.sign('assignment', { round: 3, name: '\ud800 é' });
    const loose = { ...expected, schema: z.looseObject({ round: z.int() }) };
    expect(readSigned(odd, loose)).toMatchObject({ value: { round: 3 } });
  });

  it('is of one key, one kind and one job, and of the text that was signed', () => {
    const signed = mine.sign('assignment', { round: 3 });
    const other = signer(new Uint8Array(32).fill(8), job);
    const problem = (of: typeof signed) => (readSigned(of, expected) as { problem: string }).problem;
    expect(problem(other.sign('assignment', { round: 3 }))).toBe(
      `is signed by the key ${other.key}, expected ${mine.key}`,
    );
    const changed = signed.statement.replace('3', '4');
    for (const wrong of [
      { ...signed, statement: changed },
      { ...signed, statement: `${signed.statement} ` },
      { ...signed, signature: other.sign('assignment', { round: 3 }).signature },
      { ...other.sign('assignment', { round: 3 }), key: mine.key },
    ])
      expect(problem(wrong)).toBe('is not signed by the key that it names');
    expect(problem(mine.sign('nats-state', { round: 3 }))).toMatch(/"kind": .*expected "assignment"/);
    expect(problem(signer(secret, 'f'.repeat(16)).sign('assignment', { round: 3 }))).toMatch(/"job"/);
    expect(problem(mine.sign('assignment', { round: 'x' }))).toMatch(/"value.round"/);
  });
});
