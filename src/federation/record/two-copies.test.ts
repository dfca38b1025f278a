import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { classificationMetrics } from '../../metrics/classification.js';
import { parseConfiguration } from '../../protocol/configuration/configuration.js';
import { encodeSafetensors } from '../../tensor/safetensors.js';
import { stateLayout } from '../../tensor/state-dict.js';
import { blobFolder } from '../../transport/blob-folder.js';
import { receivingStore } from '../coordinator/received-store.js';
import { startRun } from '../rounds/rounds.js';
import { openRunFolder } from './run-folder.js';
import { twoCopies } from './two-copies.js';

const configuration = parseConfiguration(
  {
    ...{ partition: { name: 'v' }, model: { name: 'mlp' }, optimizer: { name: 'adam' } },
    ...{ local: { epochs: 1 }, rounds: 2 },
  },
  'test',
);
const state = { layout: stateLayout([['fc.weight', [2, 2]]]), data: Float32Array.of(1, -2, 3, 0.5) };
const role = { type: 'merged', round: 1 } as const;
const rules = {
  participants: [],
  rounds: 2,
  metrics: classificationMetrics,
  reference: undefined,
  pooled: false,
  evaluateEvery: 2,
};

let path: string;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'two-copies-'));
});
afterEach(() => rmSync(path, { recursive: true }));

/** A run folder with a merged model and its copy. */
async function begun() {
  const notices: string[] = [];
  const folder = await openRunFolder(path, configuration);
  const blobs = await blobFolder(join(path, 'blobs'));
  const initial = await blobs.put(encodeSafetensors(state));
  const given = new Map([[initial.sha256, () => encodeSafetensors(state)]]);
  const copies = twoCopies({ path, blobs, given, onMended: (notice) => notices.push(notice) });
  const store = receivingStore(folder, blobs, copies);
  const sha256 = await store.put(role, { ...state, data: state.data.map((value) => 2 * value) });
  const fact = { type: 'merged', round: 1, sha256, merged: {}, own: {}, seconds: 1 } as const;
  const rounds = startRun(rules).rounds.map((record) => ({ ...record, merged: fact }));
  await folder.close();
  const file = join(path, 'models/round-1.safetensors');
  return { ...{ notices, blobs, copies, store, sha256, rounds, initial }, file, blob: blobs.pathOf(sha256) };
}

function flipBit(file: string): void {
  const bytes = readFileSync(file);
  bytes[bytes.length - 3]! ^= 0x10;
  writeFileSync(file, bytes);
}

describe('a model that lies twice', () => {
  it('is mended where its file was changed, and read as it was', async () => {
    const { file, blob, store, sha256, notices } = await begun();
    flipBit(file);
    expect([...(await store.get(role, sha256)).data]).toEqual([2, -4, 6, 1]);
    expect(readFileSync(file)).toEqual(readFileSync(blob));
    expect(notices).toEqual([`"${file}" was changed on the disk; it is copied from ${blob}`]);
  });

  it.each(['is changed', 'is gone'])('is mended where its blob %s', async (how) => {
    const { file, blob, copies, sha256, rounds, notices } = await begun();
    if (how === 'is gone') rmSync(blob);
    else flipBit(blob);
    await copies.mendBlob(sha256, rounds);
    expect(readFileSync(blob)).toEqual(readFileSync(file));
    expect(notices).toHaveLength(1);
    await copies.mendBlob(sha256, rounds);
    expect(notices).toHaveLength(1);
  });

  it('is mended where it is what the first round begins with', async () => {
    const { blobs, copies, initial, rounds } = await begun();
    flipBit(blobs.pathOf(initial.sha256));
    await copies.mendBlob(initial.sha256, rounds);
    expect(await blobs.isSound(initial.sha256)).toBe(true);
  });

  it('is lost where both were changed, and it is said which to put back', async () => {
    const { file, blob, copies, store, sha256, rounds } = await begun();
    flipBit(file);
    flipBit(blob);
    const message = `"${file}" and its copy ${blob} were changed on the disk, or are gone`;
    await expect(store.get(role, sha256)).rejects.toThrow(message);
    await expect(copies.mendBlob(sha256, rounds)).rejects.toThrow(message);
  });
});
