import { expect, inject, it } from 'vitest';
import { curve, extendedFederation, extensions } from './extended-federation.js';
import { mergedInPage } from './federation-in-page.js';

it('a task, a network and a method of a program’s own take part in a page as in Node, but for rounding', async () => {
  const { native, nativeErrors } = inject('nativeExtended');
  const federation = { settings: extendedFederation, train: curve, partition: 'iid', extensions };
  const { state, validation } = await mergedInPage(federation, 1);
  expect(state.data).toHaveLength(native.length);
  state.data.forEach((weight, i) => {
    expect(Math.abs(weight - (native[i] ?? Number.NaN))).toBeLessThan(1e-4);
  });
  validation.forEach((round, k) => {
    round.forEach(({ error }, participant) => {
      expect(error).toBeCloseTo(nativeErrors[k]?.[participant] ?? Number.NaN, 4);
    });
  });
  // It has learned something, and the method is at work.
  expect(nativeErrors.at(-1)?.[0]).toBeLessThan(0.9 * (nativeErrors[0]?.[0] ?? 0));
  const plain = await mergedInPage(
    { ...federation, settings: { ...extendedFederation, strategy: 'mean' } },
    1,
  );
  expect(plain.state.data).not.toEqual(state.data);
});
