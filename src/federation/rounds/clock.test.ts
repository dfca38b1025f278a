import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { systemClock } from './clock.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('calls back after so many seconds, unless that is taken back', () => {
  const called: string[] = [];
  const clock = systemClock();
  clock.after(10, () => called.push('ten'));
  clock.after(10, () => called.push('never'))();
  vi.advanceTimersByTime(9999);
  expect(called).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(called).toEqual(['ten']);
});

it('does not call back at once where it is to wait for longer than a timer can', () => {
  const called: string[] = [];
  systemClock().after(1e12, () => called.push('at once'));
  vi.advanceTimersByTime(86_400_000);
  expect(called).toEqual([]);
});
