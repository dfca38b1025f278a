import { describe, expect, it } from 'vitest';
import type { Assignment } from '../../protocol/assignment.js';
import { descriptionHash } from '../../protocol/description-hash.js';
import { exampleDescription } from '../../transport/transport.contract.js';
import { FederationError } from '../error.js';
import { knownCoordinator } from './known-coordinator.js';

const [mine, other] = ['a'.repeat(64), 'b'.repeat(64)];
const shows = (key: string, { isGiven = false, epoch = 1, job = exampleDescription.job } = {}) => ({
  coordinator: { key, isGiven, epoch },
  description: { ...exampleDescription, job },
});
const wait = (epoch: number, sequence: number): Assignment => ({ type: 'wait', epoch, sequence, round: 1 });

function folder() {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  return {
    files,
    name: 'the folder of a test',
    read: async (file: string) => files.get(file),
    write: async (file: string, bytes: Uint8Array) => void files.set(file, new Uint8Array(bytes)),
    remove: async (file: string) => void files.delete(file),
  };
}

describe('the description that a participant agreed to', () => {
  const asked = (rounds: number) => ({
    ...shows(mine, { isGiven: true }),
    description: {
      ...exampleDescription,
      configuration: { ...exampleDescription.configuration, rounds },
    },
  });

  it('is told apart from another one of the same run at the next start, once', async () => {
    const kept = folder();
    const first = await knownCoordinator(kept, asked(2));
    expect(first.agreedBefore).toBeUndefined();
    await first.see(wait(1, 5));
    expect((await knownCoordinator(kept, asked(2))).agreedBefore).toBeUndefined();
    const changed = await knownCoordinator(kept, asked(3));
    expect(changed.agreedBefore).toBe(descriptionHash(asked(2).description));
    // The newest assignment is known as before.
    expect(await changed.see(wait(1, 4))).toBe(false);
    expect((await knownCoordinator(kept, asked(3))).agreedBefore).toBeUndefined();
  });

  it('is a new one in another run', async () => {
    const kept = folder();
    await knownCoordinator(kept, asked(2));
    const { description, ...rest } = asked(3);
    const other = { ...rest, description: { ...description, job: 'f'.repeat(16) } };
    expect((await knownCoordinator(kept, other)).agreedBefore).toBeUndefined();
  });
});

describe('the coordinator that a participant knows', () => {
  it('is the first one where no key is given, and that one only', async () => {
    const kept = folder();
    expect((await knownCoordinator(kept, shows(mine))).takenKey).toBe(mine);
    expect((await knownCoordinator(kept, shows(mine))).takenKey).toBeUndefined();
    for (const job of [exampleDescription.job, 'f'.repeat(16)]) {
      const joining = knownCoordinator(kept, shows(other, { job }));
      await expect(joining).rejects.toThrow(FederationError);
      await expect(joining).rejects.toThrow(
        `the coordinator's key is ${other}, expected ${mine}, by which it is known in the folder of a test`,
      );
    }
  });

  it('is the one whose key is given, also where it was another', async () => {
    const kept = folder();
    await knownCoordinator(kept, shows(mine));
    expect((await knownCoordinator(kept, shows(other, { isGiven: true }))).takenKey).toBeUndefined();
    await knownCoordinator(kept, shows(other));
    await expect(knownCoordinator(kept, shows(mine))).rejects.toThrow('by which it is known');
  });

  it('is not believed what is older than its newest word, also after a restart', async () => {
    const kept = folder();
    const before = await knownCoordinator(kept, shows(mine));
    expect(await before.see(wait(2, 5))).toBe(true);
    expect(await before.see(wait(2, 4))).toBe(false);
    const after = await knownCoordinator(kept, shows(mine, { epoch: 2 }));
    expect(await after.see(wait(1, 9))).toBe(false);
    expect(await after.see(wait(2, 4))).toBe(false);
    expect(await after.see(wait(2, 5))).toBe(true);
    expect(await after.see(wait(3, 0))).toBe(true);
    await expect(knownCoordinator(kept, shows(mine, { epoch: 2 }))).rejects.toThrow(
      'of epoch 2, and one of epoch 3 was here before',
    );
    // Another run begins anew.
    const next = await knownCoordinator(kept, shows(mine, { job: 'f'.repeat(16) }));
    expect(await next.see(wait(1, 0))).toBe(true);
  });

  it('is not taken anew where its file is damaged', async () => {
    const kept = folder();
    await knownCoordinator(kept, shows(mine));
    kept.files.set('coordinator.json', new TextEncoder().encode('{"key":'));
    await expect(knownCoordinator(kept, shows(other))).rejects.toThrow(/coordinator\.json .* is damaged/);
  });
});
