/**
 * Federations of tables whose numbers are prepared by a survey before round 1: over real channels,
 * with participants that lie, and with one that was asked something else before.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { everyCase, some } from '../../../test/every-case.js';
import { natsServer, withoutNats } from '../../../test/nats-server.js';
import { overHub, overNats, servedOver, type Way } from '../../../test/served-over.js';
import { smallTable } from '../../../test/small-table.js';
import { sha256Of } from '../../base/node/sha256-of.js';
import { ownAnswer } from '../../data/survey/own-answer.js';
import { comparisonOfSites } from '../../data/survey/site-comparison.js';
import { surveyOf } from '../../data/survey/survey.js';
import { replayRun } from '../../experiments/replay.js';
import type { Receipt } from '../../protocol/announcement.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';
import { decodeSafetensors, encodeSafetensors } from '../../tensor/safetensors.js';
import { type StateDict, stateLayout, tensorView } from '../../tensor/state-dict.js';
import { packAnswer } from '../methods/survey-answer.js';
import { type JoinOptions, joinFederation } from '../participant/node/join-federation.js';
import type { TakePartOutcome } from '../participant/take-part.js';
import { shareChoice } from '../plan/share-choice.js';
import { readRun } from '../record/read-run.js';
import type { RoundEvent } from '../rounds/round-events.js';
import { runFederation } from './run-federation.js';
import { eachInFolder } from './serve-federation.contract.js';

const data = { train: smallTable(300), test: smallTable(60, 2) };
const configuration = {
  dataset: 'small-table',
  partition: { name: 'iid', participants: 3 },
  model: { name: 'mlp', hidden: [8] },
  optimizer: { name: 'adam', learningRate: 0.02 },
  local: { epochs: 1 },
  batchSize: 20,
  rounds: 2,
} as const satisfies ConfigurationInput;
const names = [1, 2, 3].map((k) => `environment-${k}`);
const share = (k: number, more: Partial<JoinOptions> = {}): JoinOptions => ({
  data: data.train,
  choice: shareChoice(`iid:${k}/3`),
  ...more,
});

const run = (out: string, more = {}) =>
  runFederation({ ...configuration, ...more }, { data, out, workers: 1 });
const stateIn = async (...path: string[]) =>
  decodeSafetensors(await readFile(join(...path, 'model.safetensors')), 'model').state;
const meanOf = (state: StateDict) => tensorView(state, 'preprocess.constants.mean')[0];

describe('a served federation of tables', () => {
  const folderOf = eachInFolder();

  async function comesToTheBytes(way: Way, folder: string, more: object = {}): Promise<void> {
    const settings = { ...configuration, ...more };
    const taking: Promise<TakePartOutcome | Error>[] = [];
    const { result, out } = await servedOver(way, folder, settings, { test: data.test }, (served) => {
      for (const [i, name] of names.entries()) taking.push(served.join(name, share(i + 1)));
    });
    for (const outcome of await Promise.all(taking)) expect(outcome).toMatchObject({ type: 'finished' });
    const { result: expected } = await run(join(folder, 'run'), more);
    expect(result.model?.sha256).toBe(expected.model?.sha256);
    const file = await readFile(join(folder, 'run/model.safetensors'));
    const personal = new Map(expected.personal?.map(({ name, file }) => [name, file]));
    for (const name of names) {
      const theirs = await readFile(personal.get(name) ?? join(folder, 'run/model.safetensors'));
      expect((await readFile(join(folder, name, 'model.safetensors'))).equals(theirs)).toBe(true);
    }
    expect((await readFile(join(out, 'model.safetensors'))).equals(file)).toBe(true);
    const constants = await readFile(join(out, 'models/constants-1.safetensors'));
    expect(constants.equals(await readFile(join(folder, 'run/models/constants-1.safetensors')))).toBe(true);
  }

  it.each(
    some<[string, object]>(
      [
        ['', {}],
        [', each with a last layer of its own', { share: ['fc1.*'] }],
      ],
      1,
    ),
  )('comes to the bytes of a run over a hub%s', async (_, more) => {
    const folder = folderOf();
    await comesToTheBytes(await overHub(folder), folder, more);
    const { differences } = await replayRun(join(folder, 'served'), { data, workers: 1 });
    expect(differences).toEqual([]);
  });

  it.skipIf(withoutNats)('comes to the bytes of a run over NATS', async () => {
    const server = await natsServer();
    await comesToTheBytes(overNats(server.url), folderOf()).finally(() => server.stop());
  });

  if (everyCase)
    it('asks the same again when it goes back to its beginning, and gets the same bytes', async () => {
      const folder = folderOf();
      const answers: string[] = [];
      const outcomes: Promise<TakePartOutcome | Error>[] = [];
      let back: (() => Promise<unknown>) | undefined;
      const observer = {
        onEvent(event: RoundEvent) {
          if (event.type === 'contributed') answers.push(`${event.participant} ${event.sha256}`);
          if (event.type !== 'merged') return;
          void back?.();
          back = undefined;
        },
      };
      const own = { test: data.test, observer };
      const { result } = await servedOver(await overHub(folder), folder, configuration, own, (served) => {
        back = () => served.operator.rollback(0);
        for (const [i, name] of names.entries()) outcomes.push(served.join(name, share(i + 1)));
      });
      for (const outcome of await Promise.all(outcomes)) expect(outcome).toMatchObject({ type: 'finished' });
      expect(answers).toHaveLength(6);
      expect(new Set(answers).size).toBe(3);
      const { result: expected } = await run(join(folder, 'run'));
      expect(result.model?.sha256).toBe(expected.model?.sha256);
    });

  it('shows its observers where the sites differ, before the first round is trained', async () => {
    const folder = folderOf();
    let goOn = () => {};
    const gate = new Promise<void>((open) => {
      goOn = open;
    });
    const seen: unknown[] = [];
    const taking: Promise<unknown>[] = [];
    await servedOver(await overHub(folder), folder, configuration, { test: data.test }, (served) => {
      const watch = async () => {
        const watcher = await served.way.watch?.();
        await watcher?.until(() => watcher.of('survey').length > 0);
        seen.push(...(watcher?.of('survey') ?? []), watcher?.of('rounds').length);
        goOn();
        watcher?.socket.close();
      };
      const takePart = async (name: string, k: number) => {
        const end = await served.enter(name);
        const announce: typeof end.announce = async (announcement) => {
          if (announcement.type === 'update') await gate;
          return end.announce(announcement);
        };
        await joinFederation({ ...end, announce }, name, { ...share(k), folder: join(folder, name) });
        await end.close();
      };
      taking.push(watch(), ...names.map((name, i) => takePart(name, i + 1)));
    });
    await Promise.all(taking);
    const { survey } = await readRun(join(folder, 'served'));
    const expected = comparisonOfSites(survey!);
    expect(expected.sites).toEqual(names);
    expect(expected.means.length).toBeGreaterThan(0);
    expect(seen).toEqual([{ type: 'survey', survey: expected }, 0]);
    // Nothing but the comparison is shown: no sums of a site.
    expect(JSON.stringify(seen)).not.toMatch(/counts|edges/);
  });

  it('is prepared by those who answer before the deadline; who joins later has the same constants', async () => {
    const folder = folderOf();
    const settings = { ...configuration, quorum: 2, deadlineSeconds: 1 };
    const outcomes: Promise<TakePartOutcome | Error>[] = [];
    const events: RoundEvent[] = [];
    let late = () => {};
    const observer = {
      onEvent(event: RoundEvent) {
        events.push(event);
        if (event.type === 'computed') late();
      },
    };
    await servedOver(await overHub(folder), folder, settings, { test: data.test, observer }, ({ join }) => {
      late = () => outcomes.push(join(names[2]!, share(3)));
      for (const k of [1, 2]) outcomes.push(join(names[k - 1]!, share(k)));
    });
    expect(await Promise.all(outcomes)).toHaveLength(3);
    const answered = events.filter(({ type }) => type === 'contributed');
    expect(answered.map((event) => 'participant' in event && event.participant).sort()).toEqual(
      names.slice(0, 2),
    );
    const mean = meanOf(await stateIn(folder, 'served'));
    for (const name of names) expect(meanOf(await stateIn(folder, name))).toBe(mean);
    const { differences } = await replayRun(join(folder, 'served'), { data, workers: 1 });
    expect(differences).toEqual([]);
  });
});

describe('a participant that lies in the survey', () => {
  const folderOf = eachInFolder();
  const survey = surveyOf(data.train);
  const answer = ownAnswer(survey, data.train, Array(50).keys());
  const changed = (name: string, value: number, by = 1): StateDict => {
    const { offset } = survey.layout.find((entry) => entry.name === name)!;
    return packAnswer(answer.map((sum, i) => (i === offset ? value : sum * by)));
  };

  const lies: readonly [StateDict, RegExp][] = [
    [changed('age: sum', Number.NaN), /"survey\.high" is NaN at index \d+ in .*"liar"/],
    [packAnswer(answer.slice(1)), /"liar".*expected/],
    [{ layout: stateLayout([['x', [2]]]), data: new Float32Array(2) }, /"liar".*"survey\.high" is missing/],
    [changed('age: sum', 51 * 2 ** 30), /"age: sum" is .*, expected -\d+ to \d+/],
    [changed('rows', 51), /is of 51 rows, expected 0 to 50/],
    [changed('rows', 49.5), /49\.5 rows/],
    [changed('age: counts', 3), /counts of "age".*add up to 50/],
  ];

  it('is refused, and may say the truth', async () => {
    const folder = folderOf();
    const participants = ['liar', names[1]!, names[2]!];
    const refusals: Receipt[] = [];
    const outcomes: Promise<TakePartOutcome | Error>[] = [];
    const { result } = await servedOver(
      await overHub(folder),
      folder,
      { ...configuration, participants },
      { test: data.test },
      ({ enter, join }) => {
        const lying = async () => {
          const end = await enter('liar');
          await end.announce({ type: 'joined', examples: 50, validationExamples: 0, runtime: 'none' });
          for (const [lie] of lies) {
            const bytes = encodeSafetensors(lie);
            const file = { sha256: sha256Of(bytes), bytes: bytes.length };
            await end.upload(bytes, file);
            refusals.push(await end.announce({ type: 'contributed', round: 1, phase: 'survey', file }));
          }
          await end.close();
          return join('liar', share(1));
        };
        outcomes.push(lying());
        for (const k of [2, 3]) outcomes.push(join(names[k - 1]!, share(k)));
      },
    );
    for (const outcome of await Promise.all(outcomes)) expect(outcome).toMatchObject({ type: 'finished' });
    expect(refusals).toEqual(
      lies.map(([, message]) => ({
        ...{ accepted: false, reason: 'bad-update', message: expect.stringMatching(message) },
      })),
    );
    const { result: expected } = await run(join(folder, 'run'), { participants });
    expect(result.model?.sha256).toBe(expected.model?.sha256);
  });
});

describe('the owner of a table', () => {
  const folderOf = eachInFolder();

  it('answers the same question with the same bytes, and no other one', async () => {
    const folder = folderOf();
    const outcomes: (TakePartOutcome | Error)[] = [];
    const left: RoundEvent[] = [];
    const stop = new AbortController();
    const observer = { onEvent: (event: RoundEvent) => void (event.type === 'left' && left.push(event)) };
    await servedOver(
      await overHub(folder),
      folder,
      configuration,
      { test: data.test, observer, signal: stop.signal },
      (served) => {
        void (async () => {
          const job = JSON.parse(await readFile(join(folder, 'served/job.json'), 'utf8')).job;
          const asked = 'a'.repeat(64);
          const text = JSON.stringify({ participant: names[0], asked, answer: asked });
          await mkdir(join(folder, names[0]!));
          await writeFile(join(folder, names[0]!, `survey-${job}.json`), text);
          outcomes.push(await served.join(names[0]!, share(1)));
        })().finally(() => stop.abort());
      },
    ).catch(() => undefined);
    expect(outcomes).toMatchObject([
      {
        name: 'SurveyRefusedError',
        message: expect.stringMatching(/"environment-1" answered a survey.*expected aaaaaaaaaaaa…/),
        hint: expect.stringContaining(join(folder, names[0]!)),
      },
    ]);
    expect(left).toMatchObject([{ participant: names[0], reason: expect.stringContaining('survey') }]);
  });
});
