import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { watchHub } from '../../../test/watch-hub.js';
import { loadDataset } from '../../data/images/node/load-dataset.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';
import type { ObservedFrame, RoundView } from '../../protocol/view.js';
import { roundResultSchema } from '../../protocol/view.js';
import { joinHub } from '../../transport/hub/client/node/join-hub.js';
import { openTokens } from '../../transport/hub/server/guard/tokens.js';
import { type Hub, openHub } from '../../transport/hub/server/hub.js';
import { serveFederation } from '../coordinator/serve-federation.js';
import { joinFederation } from '../participant/node/join-federation.js';
import { shareChoice } from '../plan/share-choice.js';
import type { RunResult } from '../record/run-result.js';

const dataset = resolve(import.meta.dirname, '../../../test/fixtures/fashion-mnist-sample');
const participants = ['site-a', 'site-b', 'site-c'];
const configuration: ConfigurationInput = {
  dataset,
  participants,
  partition: { name: 'v', participants: 3 },
  model: { name: 'mlp', hidden: [16] },
  optimizer: { name: 'sgd', learningRate: 0.05 },
  local: { epochs: 1 },
  compare: ['median'],
  rounds: 4,
};

describe('what observers are shown of a run', () => {
  let folder: string;
  const tokens: string[] = [];
  /** By number: the newest state of each. */
  const rounds = new Map<number, RoundView>();
  const frames: ObservedFrame[] = [];
  let sentAgain: number[];
  let result: RunResult;

  // A run to the end, by a hub, with an observer whose connection is lost in the middle: round 3
  // waits for that.
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'commonweight-'));
    const out = join(folder, 'run');
    let opened: (hub: Hub) => void = () => {};
    const opening = new Promise<Hub>((done) => {
      opened = done;
    });
    const issued = await openTokens(join(folder, 'tokens.json'));
    const serving = serveFederation(configuration, {
      ...{ out, workers: 1 },
      async open({ handlers, blobs, view }) {
        view.tell('info', 'it \u001b[1mbegins');
        const uploadsFolder = join(out, 'uploads');
        opened(await openHub(handlers, { blobs, tokens: issued, uploadsFolder, view }));
        return opening;
      },
    });
    const { url } = await Promise.race([
      opening,
      serving.then(() => {
        throw new Error('it ended before it began');
      }),
    ]);
    const observer = await issued.issue({ role: 'observer' });
    const first = await watchHub(url, observer, { round: 1, log: 0 });
    let goOn = () => {};
    const gate = new Promise<void>((open) => {
      goOn = open;
    });
    const joining = participants.map(async (name, k) => {
      const token = await issued.issue({ role: 'participant', name });
      tokens.push(token);
      const end = await joinHub(url, { token });
      const announce: typeof end.announce = async (announcement) => {
        if (announcement.type === 'update' && announcement.round === 3) await gate;
        return end.announce(announcement);
      };
      await joinFederation({ ...end, announce }, name, {
        ...{ data: dataset, choice: shareChoice(`v:${k + 1}/3`), folder: join(folder, name) },
        shareLabelCounts: name === 'site-b',
      });
      await end.close();
    });
    const roundsOf = (all: readonly ObservedFrame[]) =>
      all.flatMap((frame) => (frame.type === 'rounds' ? frame.rounds : []));
    await first.until(() => roundsOf(first.frames()).some((one) => one.result.round === 2 && one.pictures));
    first.socket.terminate();
    const last = Math.max(...roundsOf(first.frames()).map(({ result: { round } }) => round));
    const log = first.of('log').flatMap(({ entries }) => entries);
    const second = await watchHub(url, observer, { round: last, log: (log.at(-1)?.sequence ?? -1) + 1 });
    goOn();
    result = (await serving).result;
    await Promise.all([...joining, second.closed]);
    sentAgain = roundsOf(second.frames()).map(({ result: { round } }) => round);
    frames.push(...first.frames(), ...second.frames());
    for (const round of roundsOf(frames)) rounds.set(round.result.round, round);
    tokens.push(observer);
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('are the figures of result.json, and what was measured at each merge', async () => {
    const written = JSON.parse(await readFile(join(folder, 'run', 'result.json'), 'utf8')) as RunResult;
    expect(written.rounds.map((round) => roundResultSchema.parse(round))).toEqual(written.rounds);
    expect(written.rounds).toHaveLength(4);
    expect([...rounds.values()].map(({ result }) => result)).toEqual(written.rounds);
    expect(result.settings).toEqual(written.settings);
    for (const [round, { details }] of rounds) {
      const file = await readFile(join(folder, 'run', 'rounds', `round-${round}.json`), 'utf8');
      expect(details).toEqual(JSON.parse(file));
    }
    const { overview } = frames.find(({ type }) => type === 'overview') as ObservedFrame & {
      type: 'overview';
    };
    // Where its test images lie is the coordinator's own business.
    const told = { ...written.settings, dataset: 'fashion-mnist-sample' };
    expect(overview).toMatchObject({ configuration: told, participants });
    expect(overview.categories).toHaveLength(10);
  });

  it('is not sent again for a connection that was lost', () => {
    const numbers = new Set(sentAgain);
    const [from = 0] = [...numbers];
    expect([...numbers]).toEqual(Array.from({ length: 5 - from }, (_, k) => from + k));
    expect(frames.flatMap((frame) => (frame.type === 'log' ? frame.entries : []))).toMatchObject([
      { level: 'info', text: 'it �[1mbegins' },
    ]);
  });

  it('is who is there and what travels, to the end', () => {
    const states = frames.flatMap((frame) => (frame.type === 'status' ? [frame] : []));
    expect(states[0]).toMatchObject({ status: { phase: 'training', round: 1 } });
    expect(states[0]?.traffic).toBeUndefined();
    const last = states.at(-1);
    expect(last?.status).toMatchObject({ phase: 'finished', reason: 'max-rounds' });
    // Four updates and four copies of each of three participants, of 12,730 numbers.
    expect(last?.traffic?.received).toBeGreaterThan(12 * 4 * 12_730);
    expect(last?.traffic?.sent).toBeGreaterThan(12 * 4 * 12_730);
  });

  it('is the label counts of those alone who share them', () => {
    const counts = frames.flatMap((frame) => (frame.type === 'labels' ? [frame.counts] : []));
    expect(counts[0]).toEqual({});
    expect(Object.keys(counts.at(-1) ?? {})).toEqual(['site-b']);
  });

  it('is pictures of the coordinator’s own test set, of the newest round', async () => {
    const { test } = await loadDataset(dataset);
    const withPictures = [...rounds.values()].filter(({ pictures }) => pictures !== undefined);
    expect(withPictures.length).toBeLessThanOrEqual(1);
    const pictures = frames.flatMap((frame) =>
      frame.type === 'rounds' ? frame.rounds.flatMap((round) => round.pictures ?? []) : [],
    );
    expect(pictures.length).toBeGreaterThan(0);
    for (const { index, label, own, merged, png } of pictures) {
      expect([label, merged]).toEqual([test.labels[index], label]);
      expect(own.filter((one) => one !== label).length).toBeGreaterThanOrEqual(own.length / 2);
      const { data } = await sharp(Buffer.from(png, 'base64'))
        .greyscale()
        .raw()
        .toBuffer({ resolveWithObject: true });
      expect(data.equals(test.images.subarray(index * 784, (index + 1) * 784))).toBe(true);
    }
  });

  it('holds no token and nothing of where the data of participants lie', () => {
    const text = JSON.stringify(frames);
    expect(tokens).toHaveLength(4);
    for (const token of tokens) expect(text).not.toContain(token);
    expect(text).not.toContain(folder);
  });
});
