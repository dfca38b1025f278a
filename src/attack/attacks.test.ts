import { describe, expect, it } from 'vitest';
import { randomStream } from '../base/random.js';
import { imageDataset } from '../data/images/image-dataset.js';
import { alieZ } from './alie.js';
import type { Attack } from './attack.js';
import { attackOf } from './attacks.js';

const random = randomStream(5, 'attacks');
const state = (spread: number) => Float32Array.from({ length: 257 }, () => spread * random.normal());
const base = state(1);
const trained = base.map((value) => value + 0.1 * random.normal());
const honest = Array.from({ length: 8 }, () => base.map((value) => value + 0.1 * random.normal()));

function own(attack: Attack) {
  if (attack.from !== 'own-update') throw new Error('expected an attack on the own update');
  return attack.craft(base, trained, randomStream(1, 'environment-9', 2, 'attack'));
}

/** The float64 result, rounded once. */
const expected = (value: (w: number, start: number, index: number) => number) =>
  trained.map((w, i) => value(w, base[i]!, i));

describe('an attack', () => {
  it('turns the sign of the update: w_t − s·Δ', () => {
    const crafted = own(attackOf({ name: 'sign-flip', attackers: 2, scale: 3 }, 10));
    expect(crafted).toEqual(expected((w, start) => start - 3 * (w - start)));
  });

  it('scales the update: w_t + s·Δ', () => {
    const crafted = own(attackOf({ name: 'scaled', attackers: 2, scale: 10 }, 10));
    expect(crafted).toEqual(expected((w, start) => start + 10 * (w - start)));
  });

  it('adds noise of the deviation σ from the stream that it is given, the same each time', () => {
    const attack = attackOf({ name: 'noise', attackers: 2, sigma: 0.5 }, 10);
    const stream = randomStream(1, 'environment-9', 2, 'attack');
    const draws = Array.from(trained, () => stream.normal());
    expect(own(attack)).toEqual(expected((w, _, i) => w + 0.5 * draws[i]!));
    expect(own(attack)).toEqual(own(attack));
    const noises = own(attack).map((value, i) => value - trained[i]!);
    const deviation = Math.sqrt(noises.reduce((sum, value) => sum + value ** 2, 0) / noises.length);
    expect(deviation).toBeGreaterThan(0.4);
    expect(deviation).toBeLessThan(0.6);
  });

  it('turns the labels round and leaves the images and the honest data set as they are', () => {
    const attack = attackOf({ name: 'label-flip', attackers: 1 }, 3);
    if (attack.from !== 'data') throw new Error('expected an attack on the data');
    const data = imageDataset({
      name: 'three',
      images: Uint8Array.of(1, 2, 3, 4),
      labels: Uint8Array.of(0, 1, 2, 0),
      channels: 1,
      height: 1,
      width: 1,
      classNames: ['a', 'b', 'c'],
    });
    const poisoned = attack.poison(data);
    expect([...poisoned.targets[0]!.values]).toEqual([2, 1, 0, 2]);
    expect([...data.targets[0]!.values]).toEqual([0, 1, 2, 0]);
    expect(poisoned.inputs).toBe(data.inputs);
  });

  it('is a little enough: the mean less z deviations of the honest updates in every place', () => {
    const attack = attackOf({ name: 'alie', attackers: 2, z: 1.5 }, 10);
    if (attack.from !== 'honest-updates') throw new Error('expected an attack that knows the others');
    const oracle = base.map((_, i) => {
      const values = honest.map((one) => one[i]!);
      const mean = values.reduce((a, b) => a + b) / 8;
      const variance = values.map((value) => (value - mean) ** 2).reduce((a, b) => a + b) / 8;
      return mean - 1.5 * Math.sqrt(variance);
    });
    expect(attack.craft(honest)).toEqual(oracle);
  });

  it('has the z at which the attackers pass for the majority, where none is given', () => {
    // n = 50, f = 24: two supporters of 26, Φ(z) = 24/26 (Baruch et al., section 4: about 1.43).
    expect(alieZ(50, 24)).toBeCloseTo(1.4260768722, 9);
    expect(alieZ(10, 2)).toBe(0);
    expect(() => alieZ(10, 6)).toThrow('with 6 attackers of 10 participants, expected fewer than 6');
    expect(attackOf({ name: 'alie', attackers: 24 }, 50).settings.z).toBe(alieZ(50, 24));
  });
});
