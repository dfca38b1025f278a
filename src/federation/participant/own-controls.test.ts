import { describe, expect, it } from 'vitest';
import { encodeSafetensors } from '../../tensor/safetensors.js';
import { stateLayout } from '../../tensor/state-dict.js';
import { type OwnControls, ownControls } from './own-controls.js';

const layout = stateLayout([['w', [1]]]);
const identity = { job: 'j', participant: 'site-a', plan: 'p' };
/** Of which its number is the change. */
const update = (round: number, change: number) => ({
  round,
  sha256: `${change}`.padStart(64, '0'),
  change: encodeSafetensors({ layout, data: Float32Array.of(change) }),
});

function opened() {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  const folder = {
    name: 'the folder',
    read: async (file: string) => files.get(file),
    write: async (file: string, bytes: Uint8Array) => void files.set(file, new Uint8Array(bytes)),
    remove: async (file: string) => void files.delete(file),
  };
  return { files, controls: ownControls(folder, identity, { layout, keep: 2 }) };
}
const before = async (controls: OwnControls, round: number, rollbacks: readonly number[] = []) =>
  (await controls.before(round, rollbacks))[0];

describe('a participant’s own control variate', () => {
  it('is the sum of the changes that count, each once', async () => {
    const { controls } = opened();
    expect(await before(controls, 1)).toBe(0);
    await controls.follow(update(1, 10), []);
    await controls.follow(update(1, 10), []);
    await controls.follow(update(3, 5), []);
    expect(await before(controls, 4)).toBe(15);
    expect(await controls.hasFollowed(update(3, 5))).toBe(true);
    await expect(controls.before(3, [])).rejects.toThrow('after round 3, and round 3 is asked for once more');
  });

  it('goes back with the run, and forgets what is void', async () => {
    const { controls } = opened();
    for (const [round, change] of [
      [1, 1],
      [2, 10],
      [3, 100],
    ] as const)
      await controls.follow(update(round, change), []);
    expect(await before(controls, 3, [2])).toBe(11);
    expect(await before(controls, 2, [2, 1])).toBe(1);
    expect(await before(controls, 1, [0])).toBe(0);
    // Round 2 is done anew, and takes no account of what was void before.
    await controls.follow(update(2, 20), [1]);
    expect(await before(controls, 3, [1])).toBe(21);
    // Drawn for none of the rounds since: those of before are void all the same.
    expect(await before(controls, 9, [1, 1])).toBe(1);
  });

  it('is kept for as many rounds as an operator can go back, and for those before it once', async () => {
    const { controls, files } = opened();
    for (const round of [1, 2, 3, 4, 5, 6]) await controls.follow(update(round, 1), []);
    const kept = [...files.keys()].filter((file) => file.endsWith('.safetensors')).sort();
    expect(kept).toEqual([3, 4, 5, 6].map((round) => `own-control-${round}.safetensors`));
    expect(await before(controls, 5, [4])).toBe(4);
  });

  it('of a file that is damaged is none', async () => {
    const { controls, files } = opened();
    await controls.follow(update(1, 1), []);
    files.set('own-control-1.safetensors', new Uint8Array(3));
    await expect(controls.before(2, [])).rejects.toThrow('was changed or cut short');
    files.set('own-controls.json', new Uint8Array(3));
    await expect(controls.before(2, [])).rejects.toThrow('"own-controls.json" that was changed or cut short');
  });
});
