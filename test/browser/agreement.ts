import { expect, inject, it } from 'vitest';
import type { Runtime } from '../../src/engine/runtime/runtime.js';
import { lossesOf, type RunName } from './same-steps.js';

const bytes = (base64: string) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

/** By these steps no rounding has changed which value is the largest in a pool. */
const CLOSE_STEPS = 8;

/**
 * The losses of the first steps differ by less than `tolerance` from those of the native runtime,
 * later ones by less than a hundred times as much: once a rounding has changed the choice in a
 * pool, the runs part slowly. How soon depends on the initial weights.
 */
export function itAgreesWithNative(runtime: Runtime, name: RunName, tolerance: number): void {
  const steps = inject('trainingSteps');
  it(`trains ${name} like the native runtime: ${steps} losses within ${tolerance}`, async () => {
    const { images, labels } = inject('pictures');
    const losses = await lossesOf(runtime, name, { images: bytes(images), labels: bytes(labels) }, steps);
    const expected = inject('nativeLosses')[name];
    expect([losses.length, expected.length]).toEqual([steps, steps]);
    const differences = losses.map((loss, step) => Math.abs(loss - (expected[step] as number)));
    const largest = Math.max(...differences);
    console.log(
      `${runtime.device}, ${runtime.threads} threads: largest difference ${largest.toExponential(1)}`,
    );
    expect(Math.max(...differences.slice(0, CLOSE_STEPS))).toBeLessThan(tolerance);
    expect(largest).toBeLessThan(100 * tolerance);
  });
}
