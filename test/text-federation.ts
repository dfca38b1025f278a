/**
 * A federation whose models are texts: an update names its participant, the round, and the text
 * that it began with; a merge joins them.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { sha256Of } from '../src/base/node/sha256-of.js';
import {
  type RemoteRoundsOptions,
  remoteRounds,
} from '../src/federation/coordinator/remote/remote-rounds.js';
import { DamagedUpdateError } from '../src/federation/error.js';
import { memoryStore } from '../src/federation/record/memory-store.js';
import type { Clock } from '../src/federation/rounds/clock.js';
import { classificationMetrics } from '../src/metrics/classification.js';
import type { Receipt } from '../src/protocol/announcement.js';
import type { Assignment } from '../src/protocol/assignment.js';
import { blobFolder } from '../src/transport/blob-folder.js';
import { inProcess } from '../src/transport/in-process.js';
import { exampleDescription } from '../src/transport/transport.contract.js';
import type { BlobFolder, ParticipantEnd } from '../src/transport/transport.js';

let folder: string;
let blobs: BlobFolder;

/** The blobs of a test, in a folder of its own. */
export function blobsOfEachTest(): () => BlobFolder {
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'commonweight-'));
    blobs = await blobFolder(join(folder, 'blobs'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  return () => blobs;
}

/** Time that passes when a test says so. */
export function fakeClock(start = Date.parse('2030-01-01T00:00:00Z')) {
  let wallMs = start;
  let steadyMs = 0;
  let timers: { atMs: number; callback: () => void }[] = [];
  const clock: Clock = {
    now: () => new Date(wallMs).toISOString(),
    later: (seconds) => new Date(wallMs + 1000 * seconds).toISOString(),
    secondsUntil: (at) => (Date.parse(at) - wallMs) / 1000,
    after(seconds, callback) {
      const timer = { atMs: steadyMs + 1000 * seconds, callback };
      timers.push(timer);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
  };
  return {
    clock,
    /** Somebody sets the wall clock. */
    setWall(seconds: number) {
      wallMs += 1000 * seconds;
    },
    pass(seconds: number) {
      wallMs += 1000 * seconds;
      steadyMs += 1000 * seconds;
      const due = timers.filter(({ atMs }) => atMs <= steadyMs);
      timers = timers.filter(({ atMs }) => atMs > steadyMs);
      for (const { callback } of due) callback();
    },
    waiting: () => timers.length,
  };
}

export const participants = ['site-a', 'site-b'];
export const rules = {
  participants,
  rounds: 2,
  metrics: classificationMetrics,
  reference: undefined,
  pooled: false,
  evaluateEvery: 2,
};
/** What an update says of itself besides. */
export const work = { examples: 10, steps: 1, examplesSeen: 10, loss: 1, seconds: 0 };
export const bytesOf = (text: string) => new TextEncoder().encode(text);

/** A coordinator whose merge joins the texts of the updates. */
export function coordinator(transport = inProcess(), changes: Partial<RemoteRoundsOptions> = {}) {
  const store = changes.store ?? memoryStore(sha256Of);
  const rounds = remoteRounds({
    rules,
    description: exampleDescription,
    store,
    blobs,
    clock: fakeClock().clock,
    check: async () => ({}),
    measured: { sizes: {}, mostUnits: 1 },
    async conclude(_, round, state) {
      const record = state.rounds[round - 1]!;
      const texts = record.closed.train!.counted.map(async (name) => {
        const { sha256 } = record.updates.get(name)!;
        if (!(await blobs.isSound(sha256))) {
          await blobs.discard(sha256);
          throw new DamagedUpdateError(name, `the update of "${name}" is damaged`);
        }
        return new TextDecoder().decode(await blobs.get(sha256));
      });
      const { sha256 } = await blobs.put(bytesOf((await Promise.all(texts)).join('+')));
      return { type: 'merged', round, sha256, merged: {}, own: {}, seconds: 0 };
    },
    ...changes,
  });
  const end = transport.openCoordinator(rounds.handlers, blobs);
  return { rounds, store, transport, end };
}

/**
 * Trains, if that is the word, until the run is over: its update says its name, the round, and what
 * it began with.
 */
export async function takePart(
  end: ParticipantEnd,
  name: string,
  { until = () => false, receipts = [] }: { until?: (of: Assignment) => boolean; receipts?: Receipt[] } = {},
) {
  await end.announce({ type: 'joined', examples: 10, validationExamples: 2, runtime: 'none' });
  for await (const assignment of end.assignments()) {
    if (assignment.type === 'finished' || until(assignment)) break;
    if (assignment.type === 'train' && assignment.waitingFor.includes(name)) {
      const { round, base } = assignment;
      const text = base === undefined ? '' : new TextDecoder().decode(await end.download(base));
      const state = await end.upload(bytesOf(`${name}${round}(${text})`));
      const update = { state, examples: 10, steps: 1, examplesSeen: 10, loss: 1, seconds: 0 };
      receipts.push(
        await end.announce({ type: 'update', round, ...(base && { base: base.sha256 }), update }),
      );
    }
    if (assignment.type === 'evaluate' && assignment.waitingFor.includes(name)) {
      const { round, model } = assignment;
      const figures = { validation: { accuracy: 0.5 }, examples: 2 };
      await end.announce({ type: 'evaluated', round, model: model.sha256, ...figures });
    }
  }
}

export const finalText = async (sha256: string | undefined) =>
  new TextDecoder().decode(await blobs.get(sha256!));
/** The final text of two participants and two rounds. */
export const expected = ((one) => `site-a2(${one})+site-b2(${one})`)('site-a1()+site-b1()');

/** Looks after every turn of the event loop. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
