import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { gradients } from '../autodiff/gradients.js';
import * as g from './build.js';
import { evaluate } from './evaluate.js';
import { type ResizeOptions, resize } from './resize.js';

interface Recorded {
  readonly size: number;
  readonly to: number;
  readonly mode: ResizeOptions['mode'];
  readonly coordinates: ResizeOptions['coordinates'];
  readonly rounding?: NonNullable<ResizeOptions['rounding']>;
  readonly scale?: number;
  readonly result: readonly number[];
}
const fixture = new URL('../../../test/fixtures/operations/operations.json', import.meta.url);
const { resizes } = JSON.parse(readFileSync(fixture, 'utf8')) as { readonly resizes: readonly Recorded[] };
const sizes = [...new Set(resizes.map(({ size, to }) => `${size} → ${to}`))];

describe.each(sizes)('a line of %s pixels', (name) => {
  it('is resized as by ONNX Runtime, along either axis', () => {
    const cases = resizes.filter(({ size, to }) => `${size} → ${to}` === name);
    expect(cases.length).toBeGreaterThan(2);
    for (const { size, to, scale, result, ...options } of cases) {
      const line = Array.from({ length: size }, (_, i) => i * i);
      for (const along of [2, 3]) {
        const [shape, target] =
          along === 2
            ? ([
                [1, 1, size, 1],
                [to, 1],
              ] as const)
            : ([
                [1, 1, 1, size],
                [1, to],
              ] as const);
        const scales =
          scale === undefined ? {} : { scales: along === 2 ? ([scale, 1] as const) : ([1, scale] as const) };
        const y = resize(g.input('x', shape), target, { ...options, ...scales });
        const found = evaluate({ outputs: { y } }, { x: line }).y!;
        for (const [at, expected] of result.entries()) {
          expect(found[at], JSON.stringify({ ...options, scale, result })).toBeCloseTo(expected, 4);
        }
      }
    }
  });
});

it('resizes both axes, and its gradient adds to each pixel what was read from it', () => {
  const x = g.input('x', [1, 1, 1, 2]);
  const y = resize(x, [2, 4], { mode: 'nearest', coordinates: 'asymmetric', rounding: 'floor' });
  const weights = g.constant([1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 2, 4]);
  const [dx] = gradients(g.reduceSum(g.mul(y, weights)), [x]);
  const results = evaluate({ outputs: { y, dx: dx! } }, { x: [3, 7] });
  expect([...results.y!]).toEqual([3, 3, 7, 7, 3, 3, 7, 7]);
  expect([...results.dx!]).toEqual([1 + 2 + 5 + 6, 3 + 4 + 7 + 8]);
});

it('leaves an image of the same size as it is', () => {
  const x = g.input('x', [2, 3, 4, 5]);
  expect(resize(x, [4, 5], { mode: 'linear', coordinates: 'half_pixel' })).toBe(x);
});
