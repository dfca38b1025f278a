import { expect, it } from 'vitest';
import { sha256Hex } from '../../src/base/sha256.js';
import { keptWork } from '../../src/federation/participant/kept/kept-update.js';
import { forgetPageFolder, pageFolder } from '../../src/federation/participant/page/page-folder.js';
import { encodeSafetensors } from '../../src/tensor/safetensors.js';
import { stateLayout } from '../../src/tensor/state-dict.js';

it('files of a participant are there again, byte for byte, until they are removed', async () => {
  const folder = await pageFolder('one: site-a');
  expect(await folder.read('update.json')).toBeUndefined();
  const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 2654435761) >>> 13);
  await folder.write('update.json', bytes);
  const again = await pageFolder('one: site-a');
  expect(await again.read('update.json')).toEqual(bytes);
  await folder.write('update.json', bytes.subarray(10, 20));
  const read = await again.read('update.json');
  expect(read).toEqual(bytes.slice(10, 20));
  expect(read?.buffer.byteLength).toBe(10);
  await again.remove('update.json');
  expect(await folder.read('update.json')).toBeUndefined();
});

it('each participant of each federation has files of its own, which are forgotten by one call', async () => {
  const names = ['one: site-a', 'one: site-b', 'two: site-a'];
  for (const [i, name] of names.entries()) {
    const folder = await pageFolder(name);
    for (const file of ['update.json', 'model.safetensors']) await folder.write(file, Uint8Array.of(i));
  }
  await forgetPageFolder('one: site-a');
  const there = names.map(async (name) => (await pageFolder(name)).read('update.json'));
  expect(await Promise.all(there)).toEqual([undefined, Uint8Array.of(1), Uint8Array.of(2)]);
  for (const name of names) await forgetPageFolder(name);
  expect(await (await pageFolder('two: site-a')).read('model.safetensors')).toBeUndefined();
});

it('what was trained is found again, and what was changed is trained once more', async () => {
  const layout = stateLayout([['weight', [2]]]);
  const state = encodeSafetensors({ layout, data: Float32Array.of(1, 2) });
  const identity = { job: '0123456789abcdef', participant: 'site-a', plan: 'a'.repeat(64) };
  const blob = { sha256: await sha256Hex(state), bytes: state.length };
  const update = { state: blob, examples: 10, epochs: 1, examplesSeen: 10, loss: 1, seconds: 1 };
  const name = `${identity.job}: ${identity.participant}`;
  const folder = await pageFolder(name);
  await keptWork(folder, identity, { methods: [], keep: 3 }).keep({
    announcement: { type: 'update', round: 3, update },
    ...{ state, attachments: {}, own: {} },
  });
  const later = keptWork(await pageFolder(name), identity, { methods: [], keep: 3 });
  expect(await later.load()).toMatchObject({ announcement: { round: 3, update }, state });
  await folder.write('update-state.safetensors', state.subarray(1));
  expect(await later.load()).toBeUndefined();
  await forgetPageFolder(name);
});
