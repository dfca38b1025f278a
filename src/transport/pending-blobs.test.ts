import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BlobStage, pendingBlobs } from './pending-blobs.js';

describe('pending blobs', () => {
  it('make room by the oldest that nobody writes to', () => {
    const pending = pendingBlobs(100, 10);
    pending.mark('a', 'one', 40, 'part');
    pending.mark('a', 'two', 40, 'active');
    pending.mark('a', 'three', 20, 'whole');
    expect(pending.reserve('a', 'four', 40)).toMatchObject([{ sha256: 'one' }]);
    expect(pending.reserve('a', 'five', 20)).toMatchObject([{ sha256: 'three' }]);
    expect(pending.reserve('a', 'six', 1)).toBeUndefined();
    // Everybody has their own.
    expect(pending.reserve('b', 'six', 100)).toEqual([]);
  });

  it('are few, however small they are', () => {
    const pending = pendingBlobs(100, 3);
    for (const each of ['one', 'two', 'three']) {
      expect(pending.reserve('a', each, 1)).toEqual([]);
      pending.mark('a', each, 1, 'part');
    }
    expect(pending.reserve('a', 'four', 1)).toMatchObject([{ sha256: 'one' }]);
  });

  it('that are in use are not removed, unless it comes to nothing', () => {
    const pending = pendingBlobs(100, 10);
    pending.mark('a', 'one', 60, 'whole');
    const settle = pending.claim(['one']);
    expect(pending.reserve('a', 'two', 100)).toEqual([]);
    pending.forget('a', 'two');
    settle(false);
    expect(pending.reserve('a', 'two', 100)).toMatchObject([{ sha256: 'one' }]);
  });

  it('that count are not removed by another who uploads the same bytes, and then more', () => {
    const counted = new Set<string>();
    const pending = pendingBlobs(100, 2, (sha256) => counted.has(sha256));
    pending.mark('a', 'one', 10, 'whole');
    // Its own upload of the same bytes is done while they are announced, and after.
    const settle = pending.claim(['one']);
    pending.mark('b', 'one', 10, 'whole');
    for (const other of ['two', 'three']) {
      expect(pending.reserve('b', other, 10)).toEqual([]);
      pending.mark('b', other, 10, 'whole');
    }
    counted.add('one');
    settle(true);
    pending.mark('b', 'one', 10, 'whole');
    for (const other of ['four', 'five']) {
      expect(pending.reserve('b', other, 10)).not.toContainEqual(expect.objectContaining({ sha256: 'one' }));
      pending.mark('b', other, 10, 'whole');
    }
    expect(pending.isInUse('one')).toBe(true);
    counted.delete('one');
    expect(pending.isInUse('one')).toBe(false);
  });

  it('stay for the other of two who uploaded the same bytes', () => {
    const pending = pendingBlobs(100, 1);
    for (const who of ['a', 'b']) pending.mark(who, 'one', 10, 'whole');
    expect(pending.reserve('b', 'two', 10)).toEqual([]);
    expect(pending.reserve('a', 'three', 10)).toMatchObject([{ participant: 'a', sha256: 'one' }]);
  });

  it('never are more than the limit', () => {
    const request = fc.record({
      sha256: fc.constantFrom('p', 'q', 'r', 's', 't', 'u'),
      bytes: fc.integer({ min: 1, max: 120 }),
      ends: fc.constantFrom<BlobStage | 'gone'>('active', 'part', 'whole', 'gone'),
    });
    fc.assert(
      fc.property(fc.array(request, { maxLength: 40 }), (requests) => {
        const pending = pendingBlobs(100, 10);
        const there = new Map<string, number>();
        for (const { sha256, bytes, ends } of requests) {
          const removed = pending.reserve('a', sha256, bytes);
          if (removed === undefined) continue;
          for (const each of removed) expect(there.delete(each.sha256)).toBe(true);
          there.set(sha256, bytes);
          expect([...there.values()].reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(100);
          if (ends === 'gone') {
            pending.forget('a', sha256);
            there.delete(sha256);
          } else pending.mark('a', sha256, bytes, ends);
        }
      }),
      { seed: 1 },
    );
  });
});
