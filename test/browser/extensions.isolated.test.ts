import { expect, inject, it } from 'vitest';
import { curve, extendedFederation, extensions } from './extended-federation.js';
import { mergedInPage } from './federation-in-page.js';

it('a task, a network, a method and a codec of a program’s own take part in a page as in Node, but for rounding', async () => {
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
  // It has learned something, and the method and the codec are at work.
  expect(nativeErrors.at(-1)?.[0]).toBeLessThan(0.9 * (nativeErrors[0]?.[0] ?? 0));
  const plain = { update: 'plain', model: 'plain' };
  for (const changed of [{ strategy: 'mean' }, { codec: plain }]) {
    const settings = { ...extendedFederation, ...changed };
    const other = await mergedInPage({ ...federation, settings }, 1);
    expect(other.state.data).not.toEqual(state.data);
  }
});

it('a page without a codec that the federation names is told so', async () => {
  const federation = { settings: extendedFederation, train: curve, partition: 'iid', extensions };
  const lacking = { ...extensions, codecs: [] };
  await expect(mergedInPage(federation, 1, lacking)).rejects.toThrow('"codec.update" is "int16"');
});
