import { describe, expect, it } from 'vitest';
import { exampleDescription, exampleSigner } from '../transport/transport.contract.js';
import type { Description } from './description.js';
import { descriptionHash } from './description-hash.js';
import { described, describedSchema, readSigned } from './signed.js';

const hash = descriptionHash(exampleDescription);

describe('the hash of a description', () => {
  it.each<[string, Partial<Description>]>([
    ['the name of the run', { job: 'f'.repeat(16) }],
    ['the file of the plan', { foreignPlan: { sha256: 'b'.repeat(64), bytes: 1 } }],
    ['the version of the coordinator', { commonweight: '9.9.9' }],
  ])('is the same whatever %s', (_, change) => {
    expect(descriptionHash({ ...exampleDescription, ...change })).toBe(hash);
  });

  it('is another for whatever else there is in it', () => {
    const { configuration, participants, inputs, targets } = exampleDescription;
    const changes: readonly Partial<Description>[] = [
      { configuration: { ...configuration, rounds: 3 } },
      { participants: participants.toReversed() },
      { inputs: inputs.map((column) => ({ ...column, shape: [1, 28, 29] })) },
      { targets: targets.map((column) => ({ ...column, name: 'kinds' })) },
      { plan: 'b'.repeat(64) },
      { attachments: ['fisher'] },
      { frozen: { sha256: 'b'.repeat(64), bytes: 1 } },
      { protocol: 99 },
    ];
    const hashes = changes.map((change) => descriptionHash({ ...exampleDescription, ...change }));
    expect(new Set([hash, ...hashes]).size).toBe(changes.length + 1);
  });

  it('does not depend on the order of fields', () => {
    const turned = Object.fromEntries(Object.entries(exampleDescription).reverse()) as Description;
    expect(descriptionHash(turned)).toBe(hash);
  });

  it('is signed with the description, and another one is not taken', () => {
    const expected = { kind: 'description', schema: describedSchema } as const;
    const right = exampleSigner.sign('description', described(1, exampleDescription));
    expect(readSigned(right, expected)).toMatchObject({ value: { epoch: 1, sha256: hash } });
    const wrong = { ...described(1, exampleDescription), sha256: 'c'.repeat(64) };
    expect(readSigned(exampleSigner.sign('description', wrong), expected)).toMatchObject({
      problem: expect.stringContaining('"value.sha256": expected the SHA-256 of the description'),
    });
  });
});
