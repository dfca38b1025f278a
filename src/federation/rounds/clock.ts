/**
 * A coordinator's clocks: a wall clock for times that others read, and a steady one for its own
 * waiting.
 */
import { LONGEST_TIMER_MS } from '../../transport/timer.js';

export interface Clock {
  /** ISO 8601. */
  now(): string;
  /** The time of day, so many seconds from now; ISO 8601. */
  later(seconds: number): string;
  /**
   * The seconds until that time, by the wall clock, which may have been set meanwhile. Negative
   * when the time is past.
   */
  secondsUntil(at: string): number;
  /**
   * Calls back after so many seconds, whatever happens to the wall clock. @returns a function that
   * cancels it
   */
  after(seconds: number, callback: () => void): () => void;
}

export function systemClock(): Clock {
  const iso = (ms: number) => new Date(ms).toISOString();
  return {
    now: () => iso(Date.now()),
    later: (seconds) => iso(Date.now() + 1000 * seconds),
    secondsUntil: (at) => (Date.parse(at) - Date.now()) / 1000,
    after(seconds, callback) {
      const timer = setTimeout(callback, Math.min(1000 * seconds, LONGEST_TIMER_MS));
      return () => clearTimeout(timer);
    },
  };
}
