/**
 * Many participants in one process, that only pretend to train: they wait, and hand in what they
 * were given with one weight changed. So what is measured is the coordinator and the way to it.
 *
 *     hub-participants.ts URL SECONDS idle|rounds        tokens on standard input, one per line
 *
 * Prints "connected" once all are, and at the end a line of JSON, {"uploadedBytes": …,
 * "transferSeconds": …, "countedSeconds": …, "refused": …}.
 */
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { sha256Of } from '../src/base/node/sha256-of.js';
import { compileDescription } from '../src/federation/plan/description.js';
import { encodeSafetensors } from '../src/tensor/safetensors.js';
import { layoutSize } from '../src/tensor/state-dict.js';
import { joinHub } from '../src/transport/hub/client/node/join-hub.js';
import type { ParticipantEnd } from '../src/transport/transport.js';

const [url = '', seconds = '0', what = 'rounds'] = process.argv.slice(2);
const tokens = (await text(process.stdin)).trim().split('\n');
const ends = await Promise.all(tokens.map((token) => joinHub(url, { token })));
const [first] = ends;
if (first === undefined) throw new Error('no tokens');
const joined = { type: 'joined', examples: 100, validationExamples: 10, runtime: 'none' } as const;
for (const end of ends) await end.announce(joined);
console.log('connected');
if (what === 'idle') {
  await sleep(1000 * Number(seconds));
  for (const end of ends) await end.close();
} else {
  const { plan, initialState } = await compileDescription(first.description);
  const size = layoutSize(plan.layout);
  // One model for all, and each writes its own number into it just before it is sent: 200 copies
  // would be another bench.
  const start = encodeSafetensors(initialState(''));
  const headerBytes = start.length - 4 * size;
  const totals = { uploadedBytes: 0, transferSeconds: 0, countedSeconds: 0, refused: 0 };
  /**
   * Without training, all are ready before the first sends: four machines would not wait for each
   * other's hashes.
   */
  const allReady = barrier(ends.length);
  await Promise.all(ends.map((end, number) => takePart(end, number)));
  console.log(JSON.stringify(totals));

  async function takePart(end: ParticipantEnd, number: number): Promise<void> {
    for await (const assignment of end.assignments()) {
      if (assignment.type === 'finished') break;
      if (assignment.type === 'wait') continue;
      if (assignment.type === 'evaluate') {
        const { round, model } = assignment;
        const figures = { validation: { accuracy: 0.5 }, examples: 10 };
        await end.announce({ type: 'evaluated', round, model: model.sha256, ...figures });
        continue;
      }
      if (assignment.type !== 'train') throw new Error(`nobody is asked for "${assignment.type}" here`);
      const { round, base } = assignment;
      const began = performance.now();
      if (base !== undefined) await end.download(base);
      const downloaded = performance.now();
      await sleep(1000 * Number(seconds));
      const bytes = start.slice();
      new DataView(bytes.buffer).setFloat32(headerBytes, number + round, true);
      const known = { sha256: sha256Of(bytes), bytes: bytes.length };
      if (seconds === '0') await allReady();
      const uploading = performance.now();
      const state = await end.upload(bytes, known);
      totals.transferSeconds = Math.max(
        totals.transferSeconds,
        (downloaded - began + performance.now() - uploading) / 1000,
      );
      totals.uploadedBytes += bytes.length;
      const work = { examples: 100, epochs: 1, examplesSeen: 100, loss: 1, seconds: 0 };
      const update = {
        type: 'update',
        round,
        ...(base && { base: base.sha256 }),
        update: { state, ...work },
      } as const;
      const receipt = await end.announce(update);
      if (!receipt.accepted) totals.refused++;
      totals.countedSeconds = Math.max(totals.countedSeconds, (performance.now() - uploading) / 1000);
    }
    await end.announce({ type: 'left' });
    await end.close();
  }
}

/** Resolves for all callers once `count` of them wait; then again for the next. */
function barrier(count: number): () => Promise<void> {
  let waiting: (() => void)[] = [];
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (waiting.length < count) return;
      for (const go of waiting) go();
      waiting = [];
    });
}
