/**
 * Feeds decoders with input that hostile hands have been at, and holds each answer to what a
 * decoder promises.
 */
import { getHeapStatistics } from 'node:v8';
import { CommonweightError } from '../../src/base/error.js';
import { processorMs } from '../slowness.js';
import { type Dice, diceOf } from './mutate.js';

export interface Decoder {
  readonly name: string;
  /** How many of a thousand inputs are its. */
  readonly share: number;
  /** The next input, and its size in bytes. */
  next(dice: Dice): { readonly input: string | Uint8Array; readonly sound?: boolean };
  /**
   * @returns what it was read as, or nothing where it was refused: by that, or by a
   *   CommonweightError
   * @throws anything else, or an error that says what a decoder must not do
   */
  read(input: never): unknown;
}

export interface Fuzzed {
  readonly inputs: number;
  readonly accepted: number;
  readonly perSecond: number;
  /** Of the processor, for one input. */
  readonly longestMs: number;
  /** What was allocated outside the heap for one input, at most, beyond 16 times its size. */
  readonly mostBytes: number;
}

/** @throws an error that names decoder, seed and input, where a decoder does what it must not */
export async function fuzz(
  decoders: readonly Decoder[],
  inputs: number,
  seed: number,
): Promise<Record<string, Fuzzed>> {
  const results: Record<string, Fuzzed> = {};
  for (const decoder of decoders) {
    const dice = diceOf(seed);
    const count = Math.ceil((inputs * decoder.share) / 1000);
    let [accepted, longestMs, mostBytes] = [0, 0, 0];
    const began = performance.now();
    for (let i = 0; i < count; i++) {
      const { input, sound } = decoder.next(dice);
      const start = processorMs();
      const before = getHeapStatistics().external_memory;
      const outcome = await attempt(decoder, input, `${i} of seed ${seed}`);
      mostBytes = Math.max(mostBytes, getHeapStatistics().external_memory - before - 16 * input.length);
      longestMs = Math.max(longestMs, processorMs() - start);
      if (outcome) accepted++;
      else if (sound)
        throw new Error(
          `${decoder.name}: input ${i} of seed ${seed} is sound and was refused: ${show(input)}`,
        );
    }
    const perSecond = Math.round((1000 * count) / (performance.now() - began));
    results[decoder.name] = { inputs: count, accepted, perSecond, longestMs, mostBytes };
  }
  return results;
}

async function attempt({ name, read }: Decoder, input: string | Uint8Array, which: string): Promise<boolean> {
  try {
    const result = read(input as never);
    // Awaited only where it must be: a million turns of the event loop take longer than the
    // decoders.
    return (result instanceof Promise ? await result : result) !== undefined;
  } catch (cause) {
    if (cause instanceof CommonweightError) return false;
    throw new Error(`${name}: input ${which}: ${show(input)}: ${String(cause)}`, { cause });
  }
}

const show = (input: string | Uint8Array) =>
  (typeof input === 'string' ? JSON.stringify(input) : Buffer.from(input).toString('latin1')).slice(0, 2000);
