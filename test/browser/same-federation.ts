import { expect, inject, it } from 'vitest';
import type { federationInPage } from './federation-in-page.js';
import type { Pictures } from './same-steps.js';

type Figures = Awaited<ReturnType<typeof federationInPage>>;

const bytes = (base64: string) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
const picturesOf = ({ images, labels }: { images: string; labels: string }): Pictures => ({
  images: bytes(images),
  labels: bytes(labels),
});

/** Accuracies within 0.3 points, weights to rounding. */
export function itRunsTheSameFederation(threads: number, runtime: RegExp): void {
  it('a federation of participants in a page is the one that Node runs natively, but for rounding', async () => {
    const worker = new Worker(new URL('./federation-worker.js', import.meta.url), { type: 'module' });
    const { figures, error } = await new Promise<{ figures: Figures; error?: string }>((resolve, reject) => {
      worker.addEventListener('message', ({ data }) => resolve(data));
      worker.addEventListener('error', (event) => reject(new Error(event.message)));
      worker.postMessage([picturesOf(inject('pictures')), picturesOf(inject('testPictures')), threads]);
    });
    worker.terminate();
    expect(error).toBeUndefined();
    const native = inject('nativeFederation');
    const { testAccuracy, validationAccuracies, state, runtimes } = figures;
    for (const name of runtimes) expect(name).toMatch(runtime);
    const expected = new Float32Array(bytes(native.state).buffer);
    const difference = expected.reduce(
      (most, weight, i) => Math.max(most, Math.abs(weight - (state[i] ?? NaN))),
      0,
    );
    console.log(
      `${threads} threads: accuracy ${testAccuracy}, natively ${native.testAccuracy}; weights within ${difference.toExponential(1)}`,
    );
    expect(native.testAccuracy).toBeGreaterThan(0.5);
    expect(Math.abs(testAccuracy - native.testAccuracy)).toBeLessThanOrEqual(0.003);
    expect(validationAccuracies).toHaveLength(native.validationAccuracies.length);
    validationAccuracies.forEach((accuracies, round) => {
      accuracies.forEach((one, participant) => {
        expect(one).toBeCloseTo(native.validationAccuracies[round]?.[participant] ?? NaN, 5);
      });
    });
    expect(difference).toBeLessThan(1e-4);
  });
}
