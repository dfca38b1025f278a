import { describe, expect, it } from 'vitest';
import { input } from '../../graph/build.js';
import { evaluate } from '../../graph/evaluate.js';
import { type Normalization, normalizePixels } from './normalize-pixels.js';

describe('bytes of pictures', () => {
  const normalized = (channels: number, normalization: Normalization, bytes: number[]) => {
    const images = input('images', [1, channels, 1, bytes.length / channels], 'u8');
    return Array.from(
      evaluate({ outputs: { y: normalizePixels(images, normalization) } }, { images: bytes }).y!,
    );
  };

  it('become (byte/255 − mean)/deviation inside the graph', () => {
    const [black, grey, white] = normalized(1, { mean: [0.3], deviation: [0.4] }, [0, 51, 255]);
    expect(black).toBeCloseTo(-0.75, 12);
    expect(grey).toBeCloseTo(-0.25, 12);
    expect(white).toBeCloseTo(1.75, 12);
  });

  it('have the mean and deviation of their channel', () => {
    const normalization = { mean: [0, 1], deviation: [1, 0.5] };
    const expected = [0, 1, -2, 0];
    for (const [i, value] of normalized(2, normalization, [0, 255, 0, 255]).entries()) {
      expect(value).toBeCloseTo(expected[i]!, 12);
    }
  });

  it.each([
    { mean: [0, 0, 0], deviation: [1] },
    { mean: [0], deviation: [0] },
    { mean: [Number.NaN], deviation: [1] },
  ])('are refused a normalization that is none: %j', (normalization) => {
    expect(() => normalized(1, normalization, [0])).toThrow(
      /expected one finite number, or one for each of the 1 channels/,
    );
  });
});
