import { describe, expect, it } from 'vitest';
import { encodeSafetensors } from '../../../tensor/safetensors.js';
import { stateLayout } from '../../../tensor/state-dict.js';
import { type OwnStates, ownStates } from './own-states.js';

const layout = stateLayout([['w', [1]]]);
const identity = { job: 'j', participant: 'site-a', plan: 'p' };
/** After which that number is kept. */
const update = (round: number, kept: number) => ({
  round,
  sha256: `${kept}`.padStart(64, '0'),
  own: encodeSafetensors({ layout, data: Float32Array.of(kept) }),
});

const kept = { name: 'control', keeps: 'control variate', rounds: 2 };

function opened() {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  const folder = {
    name: 'the folder',
    read: async (file: string) => files.get(file),
    write: async (file: string, bytes: Uint8Array) => void files.set(file, new Uint8Array(bytes)),
    remove: async (file: string) => void files.delete(file),
  };
  return { files, states: ownStates(folder, identity, kept) };
}
const before = async (states: OwnStates, round: number, rollbacks: readonly number[] = []) =>
  (await states.before(round, rollbacks))?.data[0];

describe('what a method keeps at a participant', () => {
  it('follows the updates that count, each once', async () => {
    const { states } = opened();
    expect(await before(states, 1)).toBeUndefined();
    await states.follow(update(1, 10), []);
    await states.follow(update(1, 11), []);
    expect(await before(states, 2)).toBe(10);
    await states.follow(update(3, 15), []);
    expect(await before(states, 4)).toBe(15);
    expect(await states.hasFollowed(update(3, 15))).toBe(true);
    await expect(states.before(3, [])).rejects.toThrow('after round 3, and round 3 is asked for once more');
  });

  it('goes back with the run, and forgets what is void', async () => {
    const { states } = opened();
    for (const [round, own] of [
      [1, 1],
      [2, 11],
      [3, 111],
    ] as const)
      await states.follow(update(round, own), []);
    expect(await before(states, 3, [2])).toBe(11);
    expect(await before(states, 2, [2, 1])).toBe(1);
    expect(await before(states, 1, [0])).toBeUndefined();
    // Round 2 is done anew, and takes no account of what was void before.
    await states.follow(update(2, 21), [1]);
    expect(await before(states, 3, [1])).toBe(21);
    // Drawn for none of the rounds since: those of before are void all the same.
    expect(await before(states, 9, [1, 1])).toBe(1);
  });

  it('is kept for as many rounds as an operator can go back, and for those before it once', async () => {
    const { states, files } = opened();
    for (const round of [1, 2, 3, 4, 5, 6]) await states.follow(update(round, round), []);
    const kept = [...files.keys()].filter((file) => file.endsWith('.safetensors')).sort();
    expect(kept).toEqual([3, 4, 5, 6].map((round) => `own-control-${round}.safetensors`));
    expect(await before(states, 5, [4])).toBe(4);
  });

  it('of a file that is damaged is none', async () => {
    const { states, files } = opened();
    await states.follow(update(1, 1), []);
    files.set('own-control-1.safetensors', new Uint8Array(3));
    await expect(states.before(2, [])).rejects.toThrow('was changed or cut short');
    files.set('own-control.json', new Uint8Array(3));
    await expect(states.before(2, [])).rejects.toThrow('"own-control.json" that was changed or cut short');
  });
});
