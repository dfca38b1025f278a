import { expect, it } from 'vitest';
import { checkPixels, checkSides } from './picture-checks.js';

it('a picture that is longer than a canvas can be is refused, however few pixels it has', () => {
  const long = { width: 70_000, height: 20 };
  expect(() => checkPixels('a/long.png', long)).not.toThrow();
  expect(() => checkSides('a/long.png', long)).toThrow(
    'data: "a/long.png" has 70000 x 20 pixels, expected at most 32767 in each direction in a browser',
  );
  expect(() => checkSides('a/fits.png', { width: 32_767, height: 1 })).not.toThrow();
});
