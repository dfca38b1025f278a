import { describe, expect, it } from 'vitest';
import { constantSchedule, cosine, linearWarmUp, oneCycle, type Schedule } from './schedules.js';

const over = (schedule: Schedule, steps: number) =>
  Array.from({ length: steps }, (_, step) => schedule(step, steps));

describe('constantSchedule', () => {
  it('is 1 at every step', () => {
    expect(over(constantSchedule(), 3)).toEqual([1, 1, 1]);
  });
});

describe('linearWarmUp', () => {
  it('rises in equal steps to 1 and stays there', () => {
    expect(over(linearWarmUp({ warmUp: 0.4 }), 10)).toEqual([0.25, 0.5, 0.75, 1, 1, 1, 1, 1, 1, 1]);
  });

  it('then follows another schedule over the rest of the steps', () => {
    const schedule = linearWarmUp({ warmUp: 0.5, after: (step, steps) => 100 * steps + step });
    expect(over(schedule, 6)).toEqual([1 / 3, 2 / 3, 1, 300, 301, 302]);
  });

  it('without a warm-up is the other schedule', () => {
    expect(over(linearWarmUp({ warmUp: 0, after: cosine() }), 5)).toEqual(over(cosine(), 5));
  });
});

describe('cosine', () => {
  it('falls from 1 by half a cosine', () => {
    const [first, second, middle, , last] = over(cosine(), 4).concat(cosine()(4, 4));
    expect(first).toBe(1);
    expect(second).toBeCloseTo((1 + Math.SQRT1_2) / 2, 15);
    expect(middle).toBeCloseTo(0.5, 15);
    expect(last).toBeCloseTo(0, 15);
  });

  it('ends at its floor', () => {
    expect(cosine({ floor: 0.1 })(0, 8)).toBe(1);
    expect(cosine({ floor: 0.1 })(4, 8)).toBeCloseTo(0.55, 15);
    expect(cosine({ floor: 0.1 })(8, 8)).toBeCloseTo(0.1, 15);
  });
});

describe('oneCycle', () => {
  it('rises from 1/25 to 1 and falls far below its start', () => {
    const rates = over(oneCycle(), 101);
    expect(rates[0]).toBeCloseTo(1 / 25, 15);
    expect(rates[15]).toBeCloseTo((1 + 1 / 25) / 2, 15);
    expect(rates[30]).toBe(1);
    expect(rates[65]).toBeCloseTo((1 + 1 / 250_000) / 2, 15);
    expect(rates[100]).toBeCloseTo(1 / 250_000, 15);
    expect(rates.slice(0, 31)).toEqual(rates.slice(0, 31).toSorted((a, b) => a - b));
    expect(rates.slice(30)).toEqual(rates.slice(30).toSorted((a, b) => b - a));
  });

  it.each([1, 2, 3])('is finite and positive over %d steps', (steps) => {
    for (const warmUp of [0, 0.3, 1]) {
      for (const rate of over(oneCycle({ warmUp }), steps)) {
        expect(rate).toBeGreaterThan(0);
        expect(rate).toBeLessThanOrEqual(1);
      }
    }
  });
});
