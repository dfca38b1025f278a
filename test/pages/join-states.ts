/**
 * The join page in every state that it can be in, told by a worker that follows a script: about
 * pictures, and about the table of a hospital.
 */
import { fashionMnistClassNames as classNames } from '../../src/data/images/fashion-mnist-facts.js';
import { classificationMetrics } from '../../src/metrics/classification.js';
import { type JoinEvent, type JoinState, next, opening } from '../../src/pages/join/state/join-state.js';
import type { DataSummary, FederationFacts, SamplePicture } from '../../src/pages/join/state/messages.js';

const imageShape = [1, 28, 28] as const;

const federation: FederationFacts = {
  participant: 'site-b',
  others: ['site-a', 'site-c'],
  network: 'paper-cnn (kernel 3), the same initial weights for all',
  training: 'adam, learning rate 0.001 (constant); batches of 64; 1 epoch per round',
  merging:
    'at most 5, until the copy reaches 91.00% with every participant; mean of the weights is copied back',
  rounds: 5,
  metric: classificationMetrics[0],
  classNames,
  purpose: 'tell 10 classes apart',
  wanted: {
    ...{ kind: 'pictures', imageShape, byFolders: true },
    holds: 'with one folder for each class, called as the class, such as “T-shirt/top”',
  },
  besides: [],
  demonstration: true,
  decides: false,
  countsClasses: false,
};

/** A shape for each class. */
const samples: readonly SamplePicture[] = classNames.map((caption, label) => ({
  caption,
  pixels: Uint8Array.from({ length: 28 * 28 }, (_, at) => {
    const [x, y] = [(at % 28) - 14, Math.floor(at / 28) - 14];
    return Math.abs(x) + Math.abs(y) * (1 + label / 3) < 12 ? 90 + 16 * label : 0;
  }),
}));

const data: DataSummary = {
  name: 'pictures',
  training: 27_000,
  validation: 3000,
  shown: {
    ...{ kind: 'pictures', unit: 'examples', names: classNames, samples },
    counts: [3012, 2987, 3044, 2950, 3001, 0, 2999, 3010, 5997, 3000],
  },
  notices: ['data: 12 pictures were resized to 28x28 (height x width), the first is "Bag/big.png"'],
};

const known: readonly JoinEvent[] = [{ type: 'federation', federation }];
const read: readonly JoinEvent[] = [...known, { type: 'data', data, resumed: false }];
const started: readonly JoinEvent[] = [
  ...read,
  { type: 'started', resumed: false },
  { type: 'runtime', runtime: 'onnxruntime-web 1.30.0, wasm, 2 threads' },
];
const rounds: readonly JoinEvent[] = [
  { type: 'round', round: { round: 1, own: { accuracy: 0.8413 }, loss: 0.612, seconds: 31.2 } },
  { type: 'round', round: { round: 1, merged: { accuracy: 0.8527 } } },
  {
    type: 'round',
    round: { round: 2, own: { accuracy: 0.8703 }, merged: { accuracy: 0.8811 }, loss: 0.411, seconds: 30.8 },
  },
];
const third: readonly JoinEvent[] = [
  ...started,
  ...rounds,
  { type: 'assigned', round: 3, activity: 'train', own: true },
];
const finished: readonly JoinEvent[] = [
  ...third,
  {
    type: 'round',
    round: { round: 3, own: { accuracy: 0.885 }, merged: { accuracy: 0.9123 }, loss: 0.35, seconds: 30.1 },
  },
  {
    type: 'finished',
    finish: {
      reason: 'every-participant-passed',
      message: undefined,
      model: {
        parameters: 225_034,
        trial: { kind: 'picture', answer: 'classes', names: classNames, imageShape },
      },
    },
  },
];
const asked: JoinEvent = {
  type: 'commanded',
  command: { type: 'predict', id: 1, example: { sample: 3 } },
};

const hospital: FederationFacts = {
  ...federation,
  participant: 'hungary',
  others: ['cleveland', 'switzerland', 'long-beach'],
  network: 'logistic-regression, the same initial weights for all',
  classNames: ['no disease', 'disease'],
  purpose: 'tell “no disease” and “disease” apart',
  wanted: {
    kind: 'table',
    inputs: [
      { name: 'age', text: 'number, years, 20 to 90' },
      { name: 'cp', text: 'typical angina, atypical angina, non-anginal or asymptomatic' },
      { name: 'chol', text: 'number, mg/dl, 80 to 620; “0” counts as missing' },
      { name: 'seen', text: 'day, as 2026-12-31' },
    ],
    targets: [{ name: 'num', text: '“disease” where it is > 0, otherwise “no disease”' }],
  },
  demonstration: false,
};
const table: DataSummary = {
  name: 'hungary.csv',
  training: 265,
  validation: 29,
  notices: ['data: "hungary.csv": no column "seen": it counts as missing in all its rows'],
  shown: {
    kind: 'columns',
    columns: [
      {
        ...{ name: 'num', text: 'category', isTarget: true, values: 294, missing: 0 },
        distribution: { kind: 'categories', names: ['no disease', 'disease'], counts: [188, 106], other: 0 },
      },
      {
        ...{ name: 'age', text: 'years', isTarget: false, values: 294, missing: 0 },
        distribution: {
          ...{ kind: 'numbers', areDays: false, low: 20, high: 90, beyond: 0, mean: 47.8 },
          counts: [0, 0, 4, 22, 28, 49, 60, 71, 40, 16, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        },
      },
      {
        ...{ name: 'cp', text: 'category', isTarget: false, values: 294, missing: 3 },
        distribution: {
          ...{ kind: 'categories', names: ['typical angina', 'atypical angina', 'non-anginal'], other: 2 },
          ...{ counts: [11, 106, 54], rest: { names: 9, count: 118 } },
        },
      },
      {
        ...{ name: 'chol', text: 'mg/dl', isTarget: false, values: 294, missing: 190 },
        distribution: {
          ...{ kind: 'numbers', areDays: false, low: 80, high: 620, beyond: 3, mean: 250.9 },
          counts: [2, 5, 14, 22, 24, 18, 9, 4, 2, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 1],
        },
      },
      {
        ...{ name: 'seen', text: 'day', isTarget: false, values: 294, missing: 294 },
        distribution: {
          ...{ kind: 'numbers', areDays: true, low: 0, high: 1, beyond: 0, mean: undefined },
          counts: [],
        },
      },
    ],
  },
};
const knownTable: readonly JoinEvent[] = [{ type: 'federation', federation: hospital }];
const finishedTable: readonly JoinEvent[] = [
  ...knownTable,
  { type: 'data', data: table, resumed: false },
  {
    type: 'finished',
    finish: {
      reason: 'max-rounds',
      message: undefined,
      model: {
        parameters: 92,
        trial: {
          kind: 'row',
          fields: [
            { name: 'age', kind: 'number', unit: 'years', range: [20, 90], names: [] },
            { name: 'chol', kind: 'number', unit: 'mg/dl', range: [80, 620], names: [] },
            { name: 'seen', kind: 'day', unit: undefined, range: undefined, names: [] },
            {
              ...{ name: 'cp', kind: 'category', unit: undefined, range: undefined },
              names: ['typical angina', 'atypical angina', 'non-anginal', 'asymptomatic'],
            },
          ],
          ...{ answer: 'classes', names: ['no disease', 'disease'], unit: undefined },
        },
      },
    },
  },
];

const scripts: Readonly<Record<string, readonly JoinEvent[]>> = {
  opening: [],
  'hub away': [{ type: 'trouble', message: 'the connection could not be made' }],
  choosing: known,
  'wrong data': [
    ...known,
    {
      type: 'data-refused',
      message:
        '"clothes" has 12 images of the class "Trousers", which this federation does not know, expected "T-shirt/top", "Trouser", "Pullover"',
      hint: 'rename it, if it is "Trouser", or leave it out',
    },
  ],
  reading: [
    ...known,
    { type: 'commanded', command: { type: 'demonstration' } },
    { type: 'reading', done: 1200, of: 30_000 },
  ],
  ready: read,
  training: [
    ...third,
    {
      type: 'progress',
      progress: {
        ...{ round: 3, activity: 'training', epoch: 1, epochs: 1, step: 196, steps: 422 },
        ...{ examplesPerSecond: 2108, loss: 0.388 },
      },
    },
  ],
  uploading: [...third, { type: 'moving', direction: 'up', bytes: 902_144 }],
  waiting: [
    ...third,
    { type: 'progress', progress: { round: 3, activity: 'waiting' } },
    { type: 'refused', round: 2, message: 'round 2 is closed' },
    { type: 'trouble', message: 'the connection was lost' },
  ],
  resumed: [...read, { type: 'started', resumed: true }, { type: 'trained', round: 2, kept: true }],
  leaving: [...third, { type: 'commanded', command: { type: 'leave' } }],
  left: [...third, { type: 'left' }],
  forgotten: [...third, { type: 'left' }, { type: 'forgotten' }],
  finished,
  'finished after many rounds': [
    ...finished.slice(0, -1),
    ...Array.from({ length: 57 }, (_, at): JoinEvent => {
      const figures = { accuracy: 0.88 + at / 1000 };
      return {
        type: 'round',
        round: { round: 4 + at, own: figures, merged: figures, loss: 0.3, seconds: 1 },
      };
    }),
    ...finished.slice(-1),
  ],
  tried: [
    ...finished,
    asked,
    {
      type: 'prediction',
      id: 1,
      prediction: {
        values: [0.02, 0.01, 0.05, 0.72, 0.08, 0, 0.09, 0.01, 0.02, 0],
        ...{ predicted: 3, pixels: samples[3]!.pixels },
      },
    },
  ],
  'choosing a table': knownTable,
  'wrong table': [
    ...knownTable,
    {
      type: 'data-refused',
      message:
        '"hungary.csv", line 3, column "age": expected a number, got "forty" (and 2 more such cells); line 9, column "chol": expected a number, got "high"',
      hint: 'if it stands for a missing value, declare it: age: { number: true, missing: ["forty"] }',
    },
  ],
  'table ready': [...knownTable, { type: 'data', data: table, resumed: false }],
  'row tried': [
    ...finishedTable,
    { type: 'commanded', command: { type: 'predict', id: 2, example: { cells: { age: 61 } } } },
    { type: 'prediction', id: 2, prediction: { values: [0.662, 0.338], predicted: 1, cutOff: 0.3 } },
  ],
  'no model': [
    ...third,
    { type: 'finished', finish: { reason: 'failed', message: 'all left', model: undefined } },
  ],
  replaced: [
    ...third,
    {
      ...{ type: 'failed', kind: 'replaced' },
      message: 'another process has joined as "site-b"',
      hint: 'run one process for each participant',
    },
  ],
  diverged: [
    ...third,
    { type: 'notice', notice: 'the GPU cannot open this network; WebAssembly does the work' },
    {
      ...{ type: 'failed', kind: 'work' },
      message: 'the loss of "site-b" is NaN in round 3, expected a finite number',
      hint: 'take a smaller learning rate',
    },
  ],
  'another version': [
    {
      ...{ type: 'failed', kind: 'other' },
      message: 'the coordinator speaks protocol 2, this participant 1',
      hint: 'install the same version of commonweight on both sides',
    },
  ],
  'not let in': [
    {
      ...{ type: 'failed', kind: 'not-let-in' },
      message: 'the token is not valid',
      hint: 'ask the operator for a new token: this one was replaced, or has expired',
    },
  ],
};

export const joinStates: ReadonlyMap<string, JoinState> = new Map(
  Object.entries(scripts).map(([name, events]) => [name, events.reduce(next, opening)]),
);
