import { expect, inject, it } from 'vitest';
import type { Runtime } from '../../src/engine/runtime/runtime.js';
import { lossesOf, type RunName } from './same-steps.js';

const bytes = (base64: string) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

/** The losses of some steps differ by less than `tolerance` from those of the native runtime. */
export function itAgreesWithNative(runtime: Runtime, name: RunName, tolerance: number): void {
  const steps = inject('trainingSteps');
  it(`trains ${name} like the native runtime: ${steps} losses within ${tolerance}`, async () => {
    const { images, labels } = inject('pictures');
    const losses = await lossesOf(runtime, name, { images: bytes(images), labels: bytes(labels) }, steps);
    const expected = inject('nativeLosses')[name];
    expect([losses.length, expected.length]).toEqual([steps, steps]);
    const largest = Math.max(...losses.map((loss, step) => Math.abs(loss - (expected[step] as number))));
    console.log(
      `${runtime.device}, ${runtime.threads} threads: largest difference ${largest.toExponential(1)}`,
    );
    expect(largest).toBeLessThan(tolerance);
  });
}
