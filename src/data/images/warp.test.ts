import { describe, expect, it } from 'vitest';
import { randomStream } from '../../base/random.js';
import { arrayDataset } from '../arrays/array-dataset.js';
import { type Augmentation, type Draws, drawAugmentation, writeAugmented } from './augmentation.js';
import { relight, type Warp, warpPlane } from './warp.js';

const whole: Warp = { flip: false, down: 0, right: 0, angle: 0, top: 0, left: 0, tall: 1, wide: 1 };
const plane = { height: 3, width: 3, blends: true, outside: 77 };
const nine = Uint8Array.from({ length: 9 }, (_, i) => 10 * i);
const warped = (warp: Partial<Warp>, values: Uint8Array | Float32Array = nine, blends = true) => {
  const into = values.slice();
  warpPlane(into, 0, values, 0, { ...plane, blends }, { ...whole, ...warp });
  return [...into];
};

describe('a warp', () => {
  it('of nothing is the picture itself', () => {
    expect(warped({})).toEqual([...nine]);
  });

  it('mirrors and then shifts by whole pixels, as a shift alone does', () => {
    expect(warped({ flip: true })).toEqual([20, 10, 0, 50, 40, 30, 80, 70, 60]);
    expect(warped({ flip: true, right: 1, down: 1 })).toEqual([77, 77, 77, 77, 20, 10, 77, 50, 40]);
  });

  it('by a right angle turns clockwise', () => {
    expect(warped({ angle: Math.PI / 2 })).toEqual([60, 30, 0, 70, 40, 10, 80, 50, 20]);
    expect(warped({ angle: Math.PI / 2 }, nine, false)).toEqual([60, 30, 0, 70, 40, 10, 80, 50, 20]);
  });

  it('by half a right angle moves the middle of each side to a corner, and the middle nowhere', () => {
    const turned = warped({ angle: Math.PI / 4 });
    expect([0, 2, 6, 8].map((corner) => turned[corner])).toEqual([30, 10, 70, 50]);
    expect(turned[4]).toBe(40);
  });

  it('leaves corners that come from outside', () => {
    const [values, into] = [new Uint8Array(25).fill(9), new Uint8Array(25)];
    const five = { ...plane, height: 5, width: 5 };
    warpPlane(into, 0, values, 0, five, { ...whole, angle: Math.PI / 4 });
    expect([0, 4, 20, 24].map((corner) => into[corner])).toEqual([77, 77, 77, 77]);
    expect([2, 10, 12, 14, 22].map((side) => into[side])).toEqual([9, 9, 9, 9, 9]);
  });

  it('cuts out a part and resizes it, with numbers between, or categories as they are', () => {
    // The left two thirds: a step is two thirds of a pixel.
    expect(warped({ wide: 2 / 3 }).slice(0, 3)).toEqual([0, 5, 12]);
    expect(warped({ wide: 2 / 3 }, nine, false).slice(0, 3)).toEqual([0, 10, 10]);
    expect(warped({ wide: 2 / 3 }, Float32Array.from(nine))[1]).toBeCloseTo(5, 4);
  });
});

it('light multiplies bytes by the brightness, and moves them from their mean by the contrast', () => {
  const lit = (brightness: number, contrast: number) => {
    const bytes = Uint8Array.of(9, 100, 200, 60);
    relight(bytes, 1, 2, brightness, contrast);
    return [...bytes];
  };
  expect(lit(1, 1)).toEqual([9, 100, 200, 60]);
  expect(lit(1.2, 1)).toEqual([9, 120, 240, 60]);
  expect(lit(2, 1)).toEqual([9, 200, 255, 60]);
  expect(lit(1, 0.5)).toEqual([9, 125, 175, 60]);
  expect(lit(1, 4)).toEqual([9, 0, 255, 60]);
});

describe('draws of an augmentation', () => {
  const all: Augmentation = { flip: true, shift: 1, rotation: 10, crop: 0.5, brightness: 0.2, contrast: 0.3 };
  const places = 1000;
  const drawn = (augmentation: Augmentation) =>
    drawAugmentation(augmentation, places, randomStream('augmentation'));
  const spread = (values: Float32Array | undefined, each: number, at: number) => {
    const one = Array.from({ length: places }, (_, place) => values![each * place + at]!);
    return [Math.min(...one), Math.max(...one)];
  };

  it('lie within what is asked for, and fill it', () => {
    const { warps, lights } = drawn(all);
    const most = (10 * Math.PI) / 180;
    const [lowest, highest] = spread(warps, 5, 0);
    expect(lowest).toBeGreaterThanOrEqual(-most - 1e-6);
    expect(lowest).toBeLessThan(-0.95 * most);
    expect(highest).toBeGreaterThan(0.95 * most);
    for (let place = 0; place < places; place++) {
      const [, top, left, tall, wide] = warps!.subarray(5 * place) as unknown as number[];
      expect(tall! * wide!).toBeGreaterThan(0.43);
      expect(top! + tall!).toBeLessThanOrEqual(1 + 1e-6);
      expect(left! + wide!).toBeLessThanOrEqual(1 + 1e-6);
    }
    for (const [at, range] of [0.2, 0.3].entries()) {
      const [low, high] = spread(lights, 2, at);
      expect(low).toBeGreaterThanOrEqual(1 - range - 1e-6);
      expect(high).toBeGreaterThan(1 + 0.95 * range);
      expect(high).toBeLessThanOrEqual(1 + range + 1e-6);
    }
  });

  it('are those of their stream, and as before where only flip and shift are asked for', () => {
    expect(drawn(all)).toEqual(drawn(all));
    const none = { rotation: 0, crop: 1, brightness: 0, contrast: 0 };
    expect(drawn({ flip: true, shift: 1, ...none })).toEqual(drawn({ flip: true, shift: 1 }));
    expect(drawn({ flip: true, shift: 1 })).not.toHaveProperty('warps');
  });
});

it('a mask turns with its picture, takes no number between, and keeps its light', () => {
  const meaning = { kind: 'categories', names: Array.from('abcdefghi'), ignored: 200 } as const;
  const { inputs, targets } = arrayDataset({
    name: 'masks',
    inputs: [{ name: 'images', values: nine, shape: [1, 3, 3], meaning: { kind: 'picture' } }],
    targets: [{ name: 'mask', values: Uint8Array.from(nine.keys()), shape: [3, 3], meaning }],
  });
  const draws: Draws = {
    ...{ flips: Uint8Array.of(0), rows: Int8Array.of(0), columns: Int8Array.of(0) },
    ...{ warps: Float32Array.of(Math.PI / 2, 0, 0, 1, 1), lights: Float32Array.of(2, 1) },
  };
  const [picture, mask] = [new Uint8Array(9), new Int32Array(9)];
  writeAugmented(picture, 0, inputs[0]!, 0, draws, 0);
  writeAugmented(mask, 0, targets[0]!, 0, draws, 0);
  expect([...mask]).toEqual([6, 3, 0, 7, 4, 1, 8, 5, 2]);
  expect([...picture]).toEqual([120, 60, 0, 140, 80, 20, 160, 100, 40]);
});
