import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { itAtLength } from '../../test/every-case.js';
import { runFederation } from '../federation/coordinator/run-federation.js';
import { serveFederation } from '../federation/coordinator/serve-federation.js';
import { joinFederation } from '../federation/participant/node/join-federation.js';
import { shareChoice } from '../federation/plan/share-choice.js';
import { journalLine, parseJournal } from '../federation/record/journal.js';
import { readRun } from '../federation/record/read-run.js';
import type { RoundRecord } from '../federation/rounds/round.js';
import type { RoundEvent } from '../federation/rounds/round-events.js';
import type { Assignment } from '../protocol/assignment.js';
import type { ConfigurationInput } from '../protocol/configuration/configuration.js';
import { replayFindings } from '../report/text/replay-lines.js';
import { inProcess } from '../transport/in-process.js';
import type { ParticipantEnd } from '../transport/transport.js';
import { replayRun } from './replay.js';

const root = mkdtempSync(join(tmpdir(), 'commonweight-replay-'));
afterAll(() => rmSync(root, { recursive: true }));
let folders = 0;
const newFolder = () => join(root, `${++folders}`);
const dataset = resolve(import.meta.dirname, '../../test/fixtures/fashion-mnist-sample');

const base: ConfigurationInput = {
  dataset,
  seed: 3,
  partition: { name: 'v', participants: 3 },
  model: { name: 'mlp', hidden: [6] },
  optimizer: { name: 'sgd', learningRate: 0.05 },
  local: { epochs: 1 },
  rounds: 3,
  // A short deadline for participants that do not answer.
  quorum: 2,
  deadlineSeconds: 0.1,
};
const names = ['environment-1', 'environment-2', 'environment-3'] as const;
const third = names[2];

/** Which assignments a participant does not see, or sees only after something has happened. */
type Attendance = (
  participant: string,
  assignment: Assignment,
  happened: Happened,
) => Promise<boolean> | boolean;
type Happened = (isIt: (event: RoundEvent) => boolean) => Promise<void>;

/** A federation of three participants across machines. @returns its folder */
async function served(
  input: ConfigurationInput,
  attends: Attendance,
  joins: (participant: string, happened: Happened) => Promise<void> = async () => {},
): Promise<string> {
  const out = newFolder();
  const transport = inProcess();
  const events: RoundEvent[] = [];
  const waiting = new Set<() => void>();
  const happened: Happened = (isIt) =>
    new Promise((resolve) => {
      const look = () => {
        if (!events.some(isIt)) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  let opened = () => {};
  const open = new Promise<void>((resolve) => {
    opened = resolve;
  });
  const serving = serveFederation(input, {
    ...{ out, workers: 1, source: 'test' },
    async open({ handlers, blobs }) {
      const end = transport.openCoordinator(handlers, blobs);
      opened();
      return end;
    },
    observer: {
      onEvent(event) {
        events.push(event);
        for (const look of waiting) look();
      },
    },
  });
  await Promise.race([open, serving]);
  const taking = names.map(async (name, index) => {
    await joins(name, happened);
    const end = transport.openParticipant(name);
    const attending: ParticipantEnd = {
      ...end,
      async *assignments() {
        for await (const assignment of end.assignments()) {
          if (await attends(name, assignment, happened)) yield assignment;
        }
      },
    };
    await joinFederation(attending, name, {
      data: dataset,
      choice: shareChoice(`v:${index + 1}/3`),
      folder: newFolder(),
    });
    await end.close();
  });
  await Promise.all([serving, ...taking]);
  return out;
}

/** The third is away in one round; in the other rounds the other two come later. */
const awayIn =
  (away: number): Attendance =>
  async (participant, assignment, happened) => {
    if (!('waitingFor' in assignment)) return true;
    const { round, type } = assignment;
    if (participant === third) return round !== away;
    const phase = type === 'compare-layers' ? assignment.phase : 'features';
    if (round !== away && type !== 'evaluate' && assignment.waitingFor.includes(third)) {
      await happened(
        (event) =>
          event.round === round &&
          (type === 'train'
            ? event.type === 'update-received' && event.update.participant === third
            : event.type === 'contributed' && event.phase === phase && event.participant === third),
      );
    }
    return true;
  };

async function replayed(path: string) {
  const rounds: number[] = [];
  const out = newFolder();
  const outcome = await replayRun(path, {
    ...{ out, workers: 1 },
    observer: { onRound: ({ round }) => void rounds.push(round) },
  });
  expect(outcome.differences).toEqual([]);
  expect(rounds).toEqual(outcome.run.rounds.map(({ round }) => round));
  const [then, now] = await Promise.all([readRun(path), readRun(out)]);
  expect(now.state.rounds.map(({ merged }) => merged?.sha256)).toEqual(
    then.state.rounds.map(({ merged }) => merged?.sha256),
  );
  const modelOf = (run: string) => readFileSync(join(run, 'model.safetensors'));
  expect(modelOf(out).equals(modelOf(path))).toBe(true);
  expect(now.result.rounds.map(({ merged, copied }) => ({ merged, copied }))).toEqual(
    then.result.rounds.map(({ merged, copied }) => ({ merged, copied })),
  );
  expect(now.result.stopped).toEqual(then.result.stopped);
  return then;
}
const countedIn = ({ state }: Awaited<ReturnType<typeof readRun>>) =>
  state.rounds.map(({ closed }) => closed.train?.counted.includes(third));

describe('a run whose deadlines closed rounds without some, run again on one machine, has the same bytes', () => {
  it('of a participant that was away in between, with steps that go on, and rounds that are not evaluated', async () => {
    const steps = [
      { from: 1, steps: 4 },
      { from: 3, steps: 2 },
    ];
    const path = await served({ ...base, local: { steps }, rounds: 4, evaluateEvery: 2 }, awayIn(2));
    expect(countedIn(await replayed(path))).toEqual([true, false, true, true]);
  });

  itAtLength('of participants drawn for each round, with a server optimizer and its slots', async () => {
    const input: ConfigurationInput = {
      ...{ ...base, rounds: 4, participantsPerRound: 2, quorum: 1, local: { steps: 3 } },
      server: { name: 'fed-avg-m', learningRate: 1, momentum: 0.5 },
    };
    const path = await served(input, awayIn(2));
    const { state } = await replayed(path);
    expect(new Set(state.rounds.flatMap(({ participants }) => participants))).toEqual(new Set(names));
  });

  itAtLength('of a refit in every round, from the sums and losses of those who were there', async () => {
    const path = await served({ ...base, rounds: 3, refit: { rounds: 'every' } }, awayIn(2));
    const { state } = await replayed(path);
    for (const phase of ['features', 'scales', 'alphas']) {
      const counted = state.rounds.map(({ closed }) => closed[phase]!.counted.includes(third));
      expect(counted).toEqual([true, false, true]);
    }
  });

  it('of SCAFFOLD with a participant that joins late: c and c_k follow those who were there', async () => {
    const path = await served(
      { ...base, rounds: 4, correction: { name: 'scaffold' } },
      async (participant, assignment, happened) => {
        const early = assignment.type === 'train' && assignment.round === 1;
        return early || awayIn(3)(participant, assignment, happened);
      },
      async (participant, happened) => {
        if (participant === third) await happened(({ type }) => type === 'merged');
      },
    );
    expect(countedIn(await replayed(path))).toEqual([false, true, false, true]);
  });

  itAtLength('of independent weights, up to where the copies pass the reference', async () => {
    const input: ConfigurationInput = {
      ...{ ...base, reference: 0.3, rounds: 9, initialWeights: 'independent', local: { epochs: 4 } },
      ...{ strategy: 'absmax', optimizer: { name: 'adam' } },
    };
    const path = await served(input, () => true);
    const { result } = await replayed(path);
    expect(result.stopped.reason).toBe('every-participant-passed');
  });
});

describe('a replay', () => {
  const alone: ConfigurationInput = { ...base, quorum: undefined, deadlineSeconds: undefined, pooled: true };
  const run = async (input: ConfigurationInput = alone, options = {}) => {
    const out = newFolder();
    await runFederation(input, { out, workers: 1, ...options });
    return out;
  };
  /** The run with a change to each event that the change applies to. */
  const changed = (path: string, change: (event: RoundEvent) => RoundEvent) => {
    const copy = newFolder();
    cpSync(path, copy, { recursive: true });
    const journal = join(copy, 'journal.jsonl');
    const events = parseJournal(readFileSync(journal, 'utf8'), journal);
    writeFileSync(journal, events.map(change).map(journalLine).join(''));
    return copy;
  };

  it('of one machine says where the journal is not what happened, and what may be behind it', async () => {
    const path = await run();
    expect((await replayed(path)).result.pooled).toBeDefined();
    const told: boolean[] = [];
    const onRound = (then: RoundRecord, now: RoundRecord) =>
      told.push(then.pooled !== undefined && then.pooled.sha256 === now.pooled?.sha256);
    // With workers to spare, pooled training goes on while the next round is under way.
    await replayRun(path, { workers: 4, observer: { onRound } });
    expect(told).toEqual([true, true, true]);

    const sha256 = 'f'.repeat(64);
    const merged = changed(path, (event) =>
      event.type === 'merged' && event.round === 2 ? { ...event, sha256 } : event,
    );
    const { differences } = await replayRun(merged, { workers: 1 });
    const [second] = (await readRun(path)).state.rounds.flatMap(({ merged }) => merged ?? []).slice(1);
    expect(differences).toEqual([{ round: 2, of: 'model', recorded: sha256, replayed: second?.sha256 }]);

    const update = changed(path, (event) =>
      event.type === 'update-received' && event.round === 2 && event.update.participant === third
        ? { ...event, update: { ...event.update, sha256 } }
        : event,
    );
    const findings = replayFindings(await replayRun(update, { workers: 1 }));
    expect(findings[0]).toMatch(
      / the journal in round 2: the update of "environment-3" is .{12}…, recorded f{12}…$/,
    );
    expect(findings[1]).toMatch(/^the update of environment-1, environment-2 is as recorded: /);

    const accuracy = changed(path, (event) =>
      event.type === 'copy-evaluated' && event.round === 3 && event.participant === third
        ? { ...event, validation: { accuracy: 0.99 } }
        : event,
    );
    expect(replayFindings(await replayRun(accuracy, { workers: 1 }))[1]).toMatch(
      /^the model is as recorded: "environment-3" has other validation examples$/,
    );
    writeFileSync(join(path, 'model.safetensors'), 'another');
    expect((await replayRun(path, { workers: 1 })).differences).toMatchObject([{ round: 3, of: 'file' }]);
  });

  it.each([
    ['frozen weights', { freeze: ['fc1.*'] }],
    ['adapters', { lora: { rank: 2, targets: ['fc1.*'] } }],
    ['a last layer of everybody’s own', { share: ['fc1.*'] }],
  ])('finds a changed file of a model with %s, in half precision, and no sound one', async (_, changes) => {
    const codec = { update: 'half', model: 'half' };
    const path = await run({ ...alone, ...changes, codec, pooled: false, rounds: 1 });
    expect((await replayRun(path, { workers: 1 })).differences).toEqual([]);
    const file = join(path, 'model.safetensors');
    const bytes = readFileSync(file);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    writeFileSync(file, bytes);
    expect((await replayRun(path, { workers: 1 })).differences).toMatchObject([{ round: 1, of: 'file' }]);
  });

  it('finds a changed file of a participant’s own model, from memory and from a folder', async () => {
    const codec = { update: 'half', model: 'half' };
    const path = await run({ ...alone, share: ['fc1.*'], codec, pooled: false, rounds: 1 });
    const out = newFolder();
    expect((await replayRun(path, { workers: 1, out })).differences).toEqual([]);
    const file = join(path, `personal/${third}.safetensors`);
    const bytes = readFileSync(file);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    writeFileSync(file, bytes);
    for (const options of [{}, { out }]) {
      const outcome = await replayRun(path, { workers: 1, ...options });
      expect(outcome.differences).toMatchObject([{ round: 1, of: 'file', participant: third }]);
      expect(replayFindings(outcome)[0]).toMatch(/the file of the own model with "environment-3" is /);
    }
  });

  it('goes up to where a run was cut off, and takes itself up again', async () => {
    const stop = new AbortController();
    const path = await run(alone, {
      signal: stop.signal,
      observer: {
        onEvent: ({ type, round }: RoundEvent) => type === 'merged' && round === 2 && stop.abort(),
      },
    });
    const out = newFolder();
    const again = new AbortController();
    const first = await replayRun(path, {
      ...{ out, workers: 1, signal: again.signal },
      observer: { onRound: () => again.abort() },
    });
    expect(first.result.stopped.reason).toBe('interrupted');
    const rounds: number[] = [];
    const { differences, result } = await replayRun(path, {
      ...{ out, workers: 1 },
      observer: { onRound: ({ round }) => void rounds.push(round) },
    });
    expect([differences, rounds]).toEqual([[], [1, 2]]);
    expect(result.stopped).toEqual({ reason: 'stopped', round: 2 });
  });

  it('says what cannot be replayed, and why', async () => {
    const path = await run({ ...alone, pooled: false, rounds: 1 });
    const settings = join(path, 'configuration.yaml');
    const yaml = readFileSync(settings, 'utf8');
    const says = async (from: string | RegExp, to: string, message: string) => {
      writeFileSync(settings, yaml.replace(from, to));
      await expect(replayRun(path)).rejects.toThrow(message);
    };
    await says(
      /dataset: .*/,
      'dataset: none\nimageShape: [1, 2, 2]\nclassNames: [a, b]',
      'were never in one place',
    );
    await says('name: v', 'name: own', 'its "partition" is "own": the data were never in one place');
    await says(
      /dataset: .*/,
      'dataset: ./nowhere',
      'data: "./nowhere" is neither a known data set nor a folder',
    );
    await expect(replayRun(path)).rejects.toThrow(
      expect.objectContaining({ hint: expect.stringContaining('--data DIR') }),
    );
    await says('name: v', 'name: quantity-skew', 'trained on 384 examples in round 1, of');
    writeFileSync(settings, yaml);
    await expect(replayRun(path, { out: join(path, '.') })).rejects.toThrow(
      'holds the run that is to be replayed',
    );
    await expect(replayRun(path, { init: join(path, 'model.safetensors') })).rejects.toThrow('expected none');
    writeFileSync(join(path, 'journal.jsonl'), '');
    await expect(replayRun(path)).rejects.toThrow('none of its rounds was merged');
    expect(existsSync(join(path, 'journal.jsonl'))).toBe(true);
  });
});
