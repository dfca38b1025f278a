import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../base/random.js';
import { PartitionError } from './error.js';
import { partition } from './partition.js';
import { partitionByName, partitionerNames } from './partitioners.js';

const classNames = Array.from({ length: 5 }, (_, label) => `class ${label}`);
const labelLists = fc
  .array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 120 })
  .map((list) => Uint8Array.from(list));

describe.each(partitionerNames)('the partition %s', (name) => {
  it('gives every example to exactly one participant, or says why it cannot', () => {
    fc.assert(
      fc.property(labelLists, fc.integer({ min: 1, max: 8 }), fc.nat(1000), (labels, participants, seed) => {
        try {
          const shares = partition({ groups: labels, count: classNames.length }, partitionByName(name), {
            participants,
            seed,
          });
          expect(shares).toHaveLength(participants);
          const given = shares.flatMap(({ train, validation }) => [...train, ...validation]);
          expect(given.sort((a, b) => a - b)).toEqual([...labels.keys()]);
          for (const { train, validation } of shares) {
            expect(train.length).toBeGreaterThan(0);
            expect(validation.length).toBeGreaterThan(0);
          }
        } catch (error) {
          if (!(error instanceof PartitionError)) throw error;
        }
      }),
      { numRuns: 60 },
    );
  });

  it('is the same for the same seed', () => {
    const labels = Uint8Array.from({ length: 500 }, (_, index) => index % 5);
    const split = (seed: number) =>
      partition({ groups: labels, count: classNames.length }, partitionByName(name), {
        participants: 4,
        seed,
      });
    expect(split(3)).toEqual(split(3));
    if (name !== 'h') expect(split(3)).not.toEqual(split(4));
  });

  it('deals a large set out within any limit of reason', () => {
    const labels = Uint8Array.from({ length: 60_000 }, (_, index) => index % 5);
    const lists = partitionByName(name).split(labels, 5, 5, randomStream(0));
    expect(lists.reduce((sum, list) => sum + list.length, 0)).toBe(60_000);
  });
});

describe('a partition by name', () => {
  it('is built with its settings', () => {
    expect(partitionByName('dirichlet', { alpha: 0.1 }).settings).toEqual({ alpha: 0.1, minimumExamples: 2 });
    expect(partitionByName('shards', { shardsPerParticipant: 3 }).settings).toEqual({
      shardsPerParticipant: 3,
    });
  });

  it('suggests the nearest of the known names', () => {
    expect(() => partitionByName('dirichelt')).toThrow(
      expect.objectContaining({
        message:
          'partition: "dirichelt" is unknown, expected one of v, h, iid, dirichlet, shards, quantity-skew',
        hint: 'did you mean "dirichlet"?',
      }),
    );
    expect(() => partitionByName('toString')).toThrow('is unknown');
  });

  it('refuses a setting that it does not take or that is out of range', () => {
    expect(() => partitionByName('v', { alpha: 1 })).toThrow(
      'partition: "v" has no setting "alpha"; it takes none',
    );
    expect(() => partitionByName('shards', { alpha: 1 })).toThrow('it takes shardsPerParticipant');
    expect(() => partitionByName('dirichlet', { alpha: 0 })).toThrow(
      'partition: alpha of dirichlet is 0, expected a number above 0',
    );
    expect(() => partitionByName('shards', { shardsPerParticipant: 1.5 })).toThrow(
      'partition: shardsPerParticipant of shards is 1.5, expected a whole number from 1',
    );
    expect(() => partitionByName('quantity-skew', { minimumExamples: 0 })).toThrow('minimumExamples');
  });
});
