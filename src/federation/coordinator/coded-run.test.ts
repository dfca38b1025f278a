/** A run whose weights travel by another codec than plain. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { int8 } from '../../../examples/own-codec.js';
import { base, served } from '../../../test/served-federation.js';
import { replayRun } from '../../experiments/replay.js';
import { decodeSafetensors } from '../../tensor/safetensors.js';
import { parseSafetensorsHeader } from '../../tensor/safetensors-header.js';
import { asItArrives } from '../../transforms/codec/coded-file.js';
import { half } from '../../transforms/codec/half.js';
import type { RoundEvent } from '../rounds/round-events.js';
import { runFederation } from './run-federation.js';
import { eachInFolder } from './serve-federation.contract.js';

const both = { ...base, codec: { update: 'half', model: 'half' }, clipUpdate: 0.5 } as const;

describe('a federation in half precision', () => {
  const folder = eachInFolder();

  it('sends half of the bytes each way, and ends with numbers that 16 bits hold', async () => {
    const out = join(folder(), 'run');
    const sizes: number[] = [];
    const observer = {
      async onEvent(event: RoundEvent) {
        if (event.type !== 'update-received') return;
        const file = `updates/round-${event.round}-${event.update.participant}.safetensors`;
        sizes.push((await stat(join(out, file))).size);
      },
    };
    const { model, result } = await runFederation({ ...both, rounds: 1 }, { out, workers: 1, observer });
    const weights = model!.data.length;
    const merged = await readFile(join(out, 'models/round-1.safetensors'));
    for (const size of [...sizes, merged.length]) expect(size - 2 * weights).toBeLessThan(2000);
    expect(parseSafetensorsHeader(merged, 'model').entries.map(({ dtype }) => dtype)).toEqual(
      Array(4).fill('F16'),
    );
    expect(asItArrives(model!, undefined, half)).toEqual(model);
    // The final model is a file like any other.
    const final = decodeSafetensors(await readFile(join(out, 'model.safetensors')), 'final');
    expect(final.state).toEqual(model);
    expect(final.metadata.codec).toBeUndefined();
    const { result: plainly } = await runFederation({ ...base, rounds: 1 }, { workers: 1 });
    expect(result.model?.sha256).not.toBe(plainly.model?.sha256);
  });

  it('is interrupted and taken up again without a trace', async () => {
    const files = async (out: string) => {
      const names = (await readdir(join(out, 'models'))).sort();
      return Promise.all(names.map(async (name) => [name, await readFile(join(out, 'models', name), 'hex')]));
    };
    const [whole, parts] = [join(folder(), 'whole'), join(folder(), 'parts')];
    await runFederation(both, { out: whole, workers: 1 });
    for (const round of [1, 2]) {
      const stop = new AbortController();
      const onEvent = (event: RoundEvent) => {
        if (event.type === 'update-received' && event.round === round) stop.abort();
      };
      const { result } = await runFederation(both, {
        ...{ out: parts, workers: 1, signal: stop.signal, observer: { onEvent } },
      });
      expect(result.stopped).toEqual({ reason: 'interrupted', round });
    }
    await runFederation(both, { out: parts, workers: 1 });
    expect(await files(parts)).toEqual(await files(whole));
  });

  it('is replayed from its journal, update by update', async () => {
    const { out } = await served(folder(), both);
    expect((await replayRun(out, { workers: 1 })).differences).toEqual([]);
  });
});

describe('a federation by a codec of one’s own', () => {
  const folder = eachInFolder();
  const configuration = { ...base, codec: { update: 'int8', model: 'int8' }, clipUpdate: 0.5 };

  it('comes to the bytes of a run on one machine, in a quarter of the bytes', async () => {
    const { model, result } = await runFederation(configuration, {
      extensions: { codecs: [int8] },
      workers: 1,
    });
    const there = await served(folder(), configuration, undefined, {
      extensions: { codecs: [int8] },
    });
    expect(there.result.model?.sha256).toBe(result.model?.sha256);
    const blobs = await readdir(join(there.out, 'blobs'));
    const sizes = await Promise.all(
      blobs.map(async (blob) => (await stat(join(there.out, 'blobs', blob))).size),
    );
    for (const size of sizes) expect(size - model!.data.length).toBeLessThan(2000);
  });

  it('is joined by nobody without that codec, who is told its name', async () => {
    const { outcomes } = await served(
      folder(),
      { ...configuration, quorum: 2 },
      (operator) => ({ onAssigned: () => void operator().stop() }),
      { extensions: { codecs: [int8] } },
      {},
    );
    for (const outcome of outcomes) {
      expect(String(outcome)).toContain('"codec.update" is "int8", expected one of plain, half');
    }
  });
});
