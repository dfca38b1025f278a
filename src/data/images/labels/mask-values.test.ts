import { describe, expect, it } from 'vitest';
import { NO_CLASS } from './label-settings.js';
import { maskFinder } from './mask-files.js';
import { maskClasses, maskOfPicture, resizedMask } from './mask-values.js';

const X = NO_CLASS;
const spec = {
  ...{ folder: 'masks', names: ['ground', 'road'] },
  classes: new Map([
    [0, 0],
    [128, 1],
    [255, X],
  ]),
};

describe('a mask', () => {
  it('has the classes that settings declare for its values', () => {
    const values = Uint8Array.of(0, 128, 255, 0);
    expect([...maskClasses('m.png', { height: 2, width: 2, values }, spec)]).toEqual([0, 1, X, 0]);
  });

  it('is refused for a value that nobody declared, which is named with its place', () => {
    const values = Uint8Array.of(0, 128, 0, 0, 7, 7);
    const mask = { height: 2, width: 3, values };
    expect(() => maskClasses('m.png', mask, spec)).toThrow(
      'data: "m.png" has the value 7 in 2 pixels, the first at row 2, column 2, expected 0, 128, 255',
    );
  });

  it('is resized by the nearest pixel, and never blended', () => {
    const classes = Uint8Array.from([0, 0, 1, 1, 0, 0, 1, 1, X, X, 2, 2, X, X, 2, 2]);
    const own = { height: 4, width: 4 };
    expect([...resizedMask(classes, own, { height: 2, width: 2 }, 'stretch')]).toEqual([0, 1, X, 2]);
    const wide = resizedMask(
      Uint8Array.of(0, 1, 2, 3),
      { height: 2, width: 2 },
      { height: 2, width: 6 },
      'stretch',
    );
    expect([...wide]).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]);
  });

  it('is cropped and padded as its picture, and padding is of no class', () => {
    const own = { height: 2, width: 4 };
    const classes = Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7);
    const to = { height: 2, width: 2 };
    expect([...resizedMask(classes, own, to, 'crop')]).toEqual([1, 2, 5, 6]);
    expect([...resizedMask(classes, own, { height: 4, width: 4 }, 'pad')]).toEqual([
      ...[X, X, X, X],
      ...classes,
      ...[X, X, X, X],
    ]);
  });

  it.each(['stretch', 'crop', 'pad'] as const)('comes back to the size of its picture by %s', (fit) => {
    const own = { height: 6, width: 9 };
    const to = { height: 12, width: 12 };
    const classes = Uint8Array.from({ length: 54 }, (_, i) => i % 5);
    const back = maskOfPicture(resizedMask(classes, own, to, fit), to, own, fit);
    const kept = back.filter((label) => label !== X).length;
    expect(back.every((label, at) => label === X || label === classes[at])).toBe(true);
    expect(kept).toBeGreaterThanOrEqual(fit === 'crop' ? 36 : 54);
  });
});

describe('the mask of a picture', () => {
  it.each([
    ['images/a.jpg', 'masks/a.png'],
    ['a.jpg', 'masks/a.png'],
    ['x/a.jpg', 'masks/x/a.png'],
    ['train/images/a.jpg', 'train/masks/a.png'],
    ['images/train/a.jpg', 'masks/train/a.png'],
    ['train/a.jpg', 'masks/train/a.png'],
  ])('of %s is %s', (picture, mask) => {
    expect(maskFinder([mask, 'masks/other.png'], 'masks')(picture)).toBe(mask);
  });

  it('is missing, or there are several', () => {
    const find = maskFinder(['masks/a.png', 'masks/b.png', 'masks/b.gif'], 'masks');
    expect(find('images/c.jpg')).toBeUndefined();
    expect(find('images/b.jpg')).toBe('several');
  });
});
