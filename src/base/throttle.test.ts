import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { throttled } from './throttle.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it('tells the first value at once, then the last of each interval, and nothing twice', () => {
  const told: number[] = [];
  const { tell } = throttled((value: number) => told.push(value), 500);
  for (const value of [1, 2, 3]) tell(value);
  expect(told).toEqual([1]);
  vi.advanceTimersByTime(499);
  tell(4);
  expect(told).toEqual([1]);
  vi.advanceTimersByTime(1);
  expect(told).toEqual([1, 4]);
  vi.advanceTimersByTime(2000);
  tell(5);
  expect(told).toEqual([1, 4, 5]);
});

it('tells nothing once it is closed, and keeps no timer', () => {
  const told: number[] = [];
  const { tell, close } = throttled((value: number) => told.push(value), 500);
  tell(1);
  tell(2);
  close();
  vi.advanceTimersByTime(1000);
  expect(told).toEqual([1]);
  expect(vi.getTimerCount()).toBe(0);
});
