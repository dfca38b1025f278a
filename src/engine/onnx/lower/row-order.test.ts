import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { imageOrder, phaseOrder, pixelsByPlace, type RowOrder, tileOrder } from './row-order.js';

const extent = fc.integer({ min: 1, max: 4 });
const window = fc.tuple(extent, extent);

/** An order of random depth: an image, pooled up to three times. */
const anyOrder = fc
  .tuple(extent, extent, fc.array(window, { maxLength: 3 }))
  .map(
    ([height, width, windows]): RowOrder =>
      windows.reduce((pooled, size) => phaseOrder(pooled, size), imageOrder(height, width)),
  );

describe('a row order', () => {
  it('gives every pixel a place of its own', () => {
    fc.assert(
      fc.property(anyOrder, (order) => {
        expect(order.places.length).toBe(order.height * order.width);
        expect(order.outer * order.inner).toBe(order.height * order.width);
        expect([...order.places].sort((a, b) => a - b)).toEqual([...order.places.keys()]);
        expect(pixelsByPlace(order).map((pixel) => order.places[pixel]!)).toEqual(
          Int32Array.from(order.places.keys()),
        );
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  it('by phase puts the pixels of a window one phase apart, at the place of the pooled pixel', () => {
    fc.assert(
      fc.property(anyOrder, window, (pooled, [windowHeight, windowWidth]) => {
        const order = phaseOrder(pooled, [windowHeight, windowWidth]);
        const perPhase = pooled.height * pooled.width;
        order.places.forEach((place, pixel) => {
          const [u, v] = [Math.floor(pixel / order.width), pixel % order.width];
          const pooledPixel = Math.floor(u / windowHeight) * pooled.width + Math.floor(v / windowWidth);
          expect(place % perPhase).toBe(pooled.places[pooledPixel]);
          expect(Math.floor(place / perPhase)).toBe((u % windowHeight) * windowWidth + (v % windowWidth));
        });
      }),
      { seed: 2, numRuns: 50 },
    );
  });

  it('has a key of its own', () => {
    const orders = [
      imageOrder(4, 4),
      imageOrder(2, 8),
      tileOrder(4, 4, 2),
      phaseOrder(imageOrder(2, 1), [2, 4]),
      phaseOrder(imageOrder(1, 2), [4, 2]),
      phaseOrder(tileOrder(2, 2, 2), [2, 2]),
    ];
    expect(new Set(orders.map(({ key }) => key)).size).toBe(orders.length);
  });

  it('of an image is row by row', () => {
    expect([...imageOrder(2, 3).places]).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('of tiles puts the four pixels of a tile into four groups', () => {
    // 0 1 2 3 / 4 5 6 7: two tiles.
    expect([...pixelsByPlace(tileOrder(2, 4, 2))]).toEqual([0, 2, 1, 3, 4, 6, 5, 7]);
  });
});
