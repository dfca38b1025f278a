import { describe, expect, it } from 'vitest';
import { normalQuantile } from './normal-quantile.js';

describe('the normal quantile', () => {
  it.each([
    [0.5, 0],
    [0.975, 1.959963984540054],
    [0.84134474606854293, 1],
    [0.99, 2.3263478740408408],
    [0.001, -3.090232306167813],
  ])('of %d is %d', (p, z) => expect(normalQuantile(p)).toBeCloseTo(z, 12));
});
