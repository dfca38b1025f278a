/**
 * A run to be watched that never ran: of any size, at any moment of it, with numbers that look like
 * those of a run. A hub shows it as it shows real ones.
 */
import sharp from 'sharp';
import { factsOf } from '../../src/data/dataset.js';
import { imageFacts } from '../../src/data/images/image-dataset.js';
import type { Progress } from '../../src/protocol/announcement.js';
import {
  type ConfigurationInput,
  parseConfiguration,
} from '../../src/protocol/configuration/configuration.js';
import type { RoundDetails } from '../../src/protocol/round-details.js';
import type { Status } from '../../src/protocol/status.js';
import { PROTOCOL_VERSION } from '../../src/protocol/version.js';
import type { LogEntry, Overview, RoundView, TestPicture, Traffic } from '../../src/protocol/view.js';
import type { ObservedRound, RunView } from '../../src/transport/run-view.js';

export const classNames = [
  ...['T-shirt', 'trouser', 'pullover', 'dress', 'coat'],
  ...['sandal', 'shirt', 'sneaker', 'bag', 'ankle boot'],
];

export interface ScriptedRunOptions {
  readonly participants?: number;
  readonly rounds?: number;
  readonly configuration?: Partial<ConfigurationInput>;
}

export interface ScriptedRun {
  readonly view: RunView;
  readonly participants: readonly string[];
  /** What its observers are shown of the rounds so far. */
  rounds(): readonly RoundView[];
  /** Somebody trains: each at another step, at any call at the next one. */
  train(): void;
  /** Merges, evaluates, and begins the next round, or ends. */
  finishRound(): void;
  change(status: Partial<Status>): void;
  say(level: LogEntry['level'], text: string): void;
}

/** From 0 to 1, and the same for the same numbers. */
const noise = (...numbers: readonly number[]) => {
  let hash = 0x811c9dc5;
  for (const number of numbers) {
    hash = Math.imul(hash ^ number, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    hash ^= hash >>> 16;
  }
  return (hash >>> 0) / 2 ** 32;
};
const rounded = (value: number) => Math.round(10_000 * value) / 10_000;
const from = (time: number) => new Date(Date.UTC(2030, 0, 1, 12) + 1000 * time).toISOString();

const metrics: Overview['metrics'] = [
  { name: 'accuracy', better: 'higher', format: 'percent' },
  { name: 'loss', better: 'lower', format: 'number' },
];

export async function scriptedRun(options: ScriptedRunOptions = {}): Promise<ScriptedRun> {
  const { participants: number = 3, rounds: planned = 12 } = options;
  const participants = Array.from({ length: number }, (_, k) =>
    number > 9 ? `site-${String(k + 1).padStart(3, '0')}` : `site-${'abcdefghi'[k]}`,
  );
  const configuration = parseConfiguration(
    {
      dataset: 'fashion-mnist',
      partition: { name: 'dirichlet', alpha: 0.5, participants: number },
      ...{ participants, rounds: planned, reference: 0.85, model: { name: 'paper-cnn' }, seed: 7 },
      ...{ optimizer: { name: 'adam' }, local: { epochs: 3 }, compare: ['median', 'max'] },
      ...{ quorum: Math.max(1, number - 1), deadlineSeconds: 600 },
      ...options.configuration,
    },
    'test',
  );
  const strategies = [configuration.strategy, ...configuration.compare];
  const pictures = await Promise.all(Array.from({ length: 6 }, (_, k) => picture(k, number)));
  const all: RoundView[] = [];
  let observed: ObservedRound[] = [];
  const entries: LogEntry[] = [];
  let traffic: Traffic = { received: 0, sent: 0 };
  let step = 0;
  const presenceOf = (k: number): Status['participants'][number]['presence'] =>
    number < 100
      ? 'here'
      : k % 37 === 5
        ? 'gone'
        : k % 53 === 7
          ? 'not joined'
          : k % 97 === 11
            ? 'left'
            : 'here';
  let status: Status = {
    ...{ protocol: PROTOCOL_VERSION, phase: 'training', round: 1, rounds: planned },
    quorum: Math.max(1, number - 1),
    ...{ waitingFor: [...participants], received: [], copied: {}, metric: metrics[0] },
    participants: participants.map((name, k) => ({
      name,
      presence: presenceOf(k),
      ...(presenceOf(k) === 'here' ? { examples: 1000 + 100 * (k % 17) } : { since: from(60 * k) }),
    })),
  };

  const accuracy = (round: number, k: number, least: number, most: number) =>
    rounded(most - (most - least) * Math.exp(-round / 4) - 0.03 * noise(round, k, planned));

  const roundOf = (round: number): RoundView => ({
    result: {
      ...{ round, seconds: 12 + noise(round) },
      participants: participants.map((name, k) => ({
        ...{ name, examples: 1000 + 100 * (k % 17), epochs: 3 },
        validation: { accuracy: accuracy(round, k, 0.5, 0.93 - 0.1 * noise(k)) },
        test: { accuracy: accuracy(round, k + 1000, 0.4, 0.8 - 0.15 * noise(k)) },
      })),
      merged: Object.fromEntries(
        strategies.map((name, k) => [name, { test: { accuracy: accuracy(round, -k, 0.5, 0.9 - 0.04 * k) } }]),
      ),
      copied: participants.map((name, k) => ({
        name,
        validation: { accuracy: accuracy(round, k + 2000, 0.55, 0.92 - 0.05 * noise(k)) },
      })),
    },
    details: detailsOf(round),
    pictures,
  });

  const detailsOf = (round: number): RoundDetails => {
    const confusion = (sharpness: number, seed: number) =>
      classNames.map((_, label) => {
        const row = classNames.map((_, taken) =>
          Math.floor((100 - sharpness) * noise(round, seed, label, taken) ** 6),
        );
        row[label] = 100 - row.reduce((sum, each, taken) => (taken === label ? sum : sum + each), 0);
        return row.map((each) => Math.max(0, each));
      });
    return {
      ...{ round, sha256: 'a'.repeat(64), participants: [...participants] },
      drift: {
        norms: participants.map(() => 1),
        cosines: participants.map((_, a) => participants.map((_, b) => (a === b ? 1 : 0.5))),
      },
      test: {
        examples: 1000,
        confusion: {
          own: Object.fromEntries(participants.map((name, k) => [name, confusion(50, k)])),
          merged: Object.fromEntries(strategies.map((name, k) => [name, confusion(80 - 10 * k, 500 + k)])),
        },
        decided: { kept: [], missed: [], gained: [], lost: [] },
      },
    };
  };

  const labels = Object.fromEntries(
    participants.map((name, k) => [
      name,
      classNames.map((_, label) => Math.max(0, Math.floor(600 * noise(k, label) ** 3) - 5)),
    ]),
  );

  const run: ScriptedRun = {
    participants,
    rounds: () => all,
    view: {
      overview: {
        configuration,
        participants,
        inputs: imageFacts([1, 28, 28], classNames).inputs.map(factsOf),
        metrics,
        categories: classNames,
        testExamples: true,
        commonweight: '0.1.0',
      },
      status: () => status,
      rounds: () => observed,
      labelCounts: () => labels,
      survey: () => undefined,
      log: (sequence) => entries.filter((entry) => entry.sequence >= sequence),
      get traffic() {
        return traffic;
      },
    },
    train() {
      step++;
      status = {
        ...status,
        participants: status.participants.map((participant, k) =>
          participant.presence === 'here'
            ? { ...participant, progress: progressOf(status.round, step, k) }
            : participant,
        ),
      };
    },
    finishRound() {
      const { round } = status;
      const previous = all.at(-1);
      if (previous !== undefined) {
        const { pictures: _, ...older } = previous;
        all[all.length - 1] = older;
      }
      all.push(roundOf(round));
      observed = all.map((view, k) =>
        k >= all.length - 2
          ? { round: view.result.round, read: () => view }
          : (observed[k] ?? { round: view.result.round, read: () => view }),
      );
      const last = all.at(-1)?.result;
      traffic = { received: 1_690_000 * number * round, sent: 1_700_000 * number * round };
      run.say(
        'info',
        `round ${round} is merged: mean ${last?.merged[configuration.strategy]?.test.accuracy}`,
      );
      const isOver = round === planned;
      status = {
        ...status,
        ...(isOver ? { phase: 'finished', reason: 'max-rounds', waitingFor: [] } : { round: round + 1 }),
        copied: Object.fromEntries((last?.copied ?? []).map((one) => [one.name, one.validation])),
        test: last?.merged[configuration.strategy]?.test,
        ...(isOver && {
          participants: status.participants.map(({ progress: _, ...others }) => others),
        }),
      };
    },
    change(change) {
      status = { ...status, ...change };
    },
    say(level, text) {
      entries.push({ sequence: entries.length, at: from(entries.length), level, text });
    },
  };
  return run;
}

function progressOf(round: number, step: number, k: number): Progress {
  const at = step + 7 * k;
  if (k % 11 === 3) return { round, activity: 'uploading' };
  if (k % 11 === 6) return { round, activity: 'waiting' };
  return {
    ...{ round, activity: 'training', epochs: 3, steps: 200 },
    ...{ epoch: 1 + (Math.floor(at / 200) % 3), step: at % 200 },
    examplesPerSecond: 900 + Math.round(300 * noise(step, k)),
  };
}

/** Stripes. */
async function picture(index: number, participants: number): Promise<TestPicture> {
  const [size, label] = [28, index % classNames.length];
  const pixels = Uint8Array.from({ length: size * size }, (_, at) =>
    Math.floor(at / size + (at % size)) % (index + 3) === 0 ? 255 : 40,
  );
  const png = await sharp(pixels, { raw: { width: size, height: size, channels: 1 } })
    .png()
    .toBuffer();
  return {
    ...{ index: 100 * index, label, merged: label },
    own: Array.from({ length: participants }, (_, k) => (label + 1 + (k % 3)) % classNames.length),
    png: png.toString('base64'),
  };
}
