/**
 * Messages as the schemas have them, by hand: what is written here and what is accepted must be the
 * same.
 */
import fc from 'fast-check';
import { exampleDescription } from '../../src/transport/transport.contract.js';

const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const positive = fc.oneof(
  fc.integer({ min: 1, max: 1000 }),
  fc.maxSafeNat().map((n) => n + (n === 0 ? 1 : 0)),
);
const natural = fc.oneof(fc.nat(100), fc.maxSafeNat());
const digits = (length: number) =>
  fc
    .array(fc.constantFrom(...'0123456789abcdef'), { minLength: length, maxLength: length })
    .map((d) => d.join(''));
const sha256 = digits(64);
const blob = fc.record({ sha256, bytes: positive });
const accuracy = fc.double({ min: 0, max: 1, noNaN: true });
const figures = fc.dictionary(fc.constantFrom('accuracy', 'loss'), accuracy);
const number = fc.double({ noNaN: true, noDefaultInfinity: true });
const size = fc.double({ min: 0, noNaN: true, noDefaultInfinity: true });
const sentence = fc.oneof(fc.constantFrom('', 'it is late', '失敗', 'é😀'), fc.string({ maxLength: 100 }));
const name = fc.constantFrom('site-a', 'site-b', 'Klinikum_Köln-3', '서울', '__proto__', 'x'.repeat(64));
const names = fc.array(name, { maxLength: 5 });
const date = fc
  .date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true })
  .map((each) => each.toISOString());

const defined = <Value>(value: fc.Arbitrary<Value>) =>
  value.map((each) => JSON.parse(JSON.stringify(each)) as Value);

const update = fc.record({
  ...{
    state: blob,
    examples: positive,
    epochs: optional(positive),
    steps: optional(positive),
    examplesSeen: positive,
  },
  ...{
    loss: number,
    validation: optional(figures),
    attachments: optional(fc.record({ control: optional(blob), fisher: blob }, { requiredKeys: ['fisher'] })),
  },
  seconds: size,
});

export const announcements = defined(
  fc.oneof(
    fc.record({
      ...{ type: fc.constant('joined'), examples: positive, validationExamples: natural, runtime: sentence },
      labelCounts: optional(fc.array(natural, { maxLength: 12 })),
    }),
    fc.record({ type: fc.constant('update'), round: positive, base: optional(sha256), update }),
    fc.record({
      ...{
        type: fc.constant('evaluated'),
        round: positive,
        model: sha256,
        validation: figures,
      },
      examples: positive,
    }),
    fc.record({
      type: fc.constant('contributed'),
      round: positive,
      phase: fc.constant('survey'),
      file: blob,
    }),
    fc.record({ type: fc.constant('failed'), round: positive, message: sentence }),
    fc.record({ type: fc.constant('left'), reason: optional(sentence) }),
  ),
);

export const receipts = fc.oneof(
  fc.constant({ accepted: true }),
  fc.record({
    accepted: fc.constant(false),
    reason: fc.constantFrom(
      'not-expected',
      'late',
      'other-round',
      'other-base',
      'other-update',
      'bad-update',
      'no-blob',
      'over',
    ),
    message: sentence,
  }),
);

export const progress = defined(
  fc.record({
    round: positive,
    activity: fc.constantFrom('training', 'evaluating', 'uploading', 'downloading', 'waiting'),
    ...{
      epoch: optional(natural),
      epochs: optional(positive),
      step: optional(natural),
      steps: optional(positive),
    },
    ...{ examplesPerSecond: optional(size), loss: optional(number), validation: optional(figures) },
  }),
);

const common = { epoch: natural, sequence: natural };
const work = { ...common, round: positive, waitingFor: names, deadline: optional(date) };

export const assignments = defined(
  fc.oneof(
    fc.record({
      ...work,
      type: fc.constant('train'),
      base: optional(blob),
      common: optional(fc.record({ control: blob })),
      constants: optional(blob),
    }),
    fc.record({ ...work, type: fc.constant('survey') }),
    fc.record({ ...work, type: fc.constant('evaluate'), model: blob }),
    fc.record({ ...common, type: fc.constant('wait'), round: positive }),
    fc.record({
      ...{ ...common, type: fc.constant('finished'), model: optional(blob), message: optional(sentence) },
      reason: fc.constantFrom('every-participant-passed', 'max-rounds', 'stopped', 'failed'),
    }),
  ),
);

const column = fc.record({
  name,
  dtype: fc.constantFrom('u8', 'i32', 'f32'),
  shape: fc.array(positive, { maxLength: 8 }),
  meaning: fc.oneof(
    fc.record({ kind: fc.constant('picture') }),
    fc.record({
      kind: fc.constant('categories'),
      names: fc.uniqueArray(fc.constantFrom('cat', 'T-shirt/top', '猫', '__proto__'), { minLength: 1 }),
      ignored: optional(fc.integer()),
    }),
    fc.record({ kind: fc.constant('number'), unit: optional(name) }),
    fc.record({ kind: fc.constant('tokens'), vocabulary: positive }),
  ),
});

export const descriptions = defined(
  fc.record({
    ...{ protocol: positive, job: digits(16), plan: sha256, commonweight: optional(sentence) },
    foreignPlan: optional(fc.record({ sha256, bytes: fc.integer({ min: 1, max: 2 ** 26 }) })),
    configuration: fc.constant(exampleDescription.configuration),
    participants: fc.uniqueArray(name, { minLength: 1 }),
    inputs: fc.array(column, { minLength: 1, maxLength: 4 }),
    targets: fc.array(column, { minLength: 1, maxLength: 4 }),
  }),
);

/** Signed by nobody: whether a signature holds is asked after the frame was read. */
const signed = (value: fc.Arbitrary<unknown>) =>
  fc.record({
    statement: value.map((each) => JSON.stringify(each)),
    key: digits(64),
    signature: digits(128),
  });

export const participantFrames = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant('announcement'), id: natural, announcement: announcements }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('progress'), progress }) },
  fc.constant({ type: 'pong' }),
);

export const hubFrames = defined(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ type: fc.constant('assignment'), assignment: signed(assignments) }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('receipt'), id: natural, receipt: receipts }) },
    fc.record({
      ...{ type: fc.constant('welcome'), participant: name, description: signed(descriptions) },
      heartbeatMs: fc.integer({ min: 10, max: 3_600_000 }),
    }),
    fc.record({
      type: fc.constant('refused'),
      reason: fc.constantFrom(
        'version',
        'token',
        'role',
        'not-expected',
        'replaced',
        'bad-frame',
        'too-fast',
      ),
      ...{ message: sentence, hint: optional(sentence) },
    }),
    fc.constant({ type: 'ping' }),
  ),
);

export const identities = fc.oneof(
  fc.record({ role: fc.constant('participant'), name }),
  fc.record({ role: fc.constantFrom('observer', 'operator') }),
);

export const announcing = fc.record({ id: fc.stringMatching(/^[\w-]{1,64}$/), announcement: announcements });
export const states = defined(fc.record({ epoch: positive, assignment: optional(assignments) }));
export const answers = fc.record({ id: fc.stringMatching(/^[\w-]{1,64}$/), receipt: receipts });

const round = fc.integer({ min: 1, max: 3 });
const tested = fc.dictionary(fc.constantFrom('mean', 'median', 'site-a'), figures);
const phase = fc.constantFrom('train', 'evaluate');

/** Lines of a journal. */
export const facts = defined(
  fc.oneof(
    fc.record({
      ...{ type: fc.constant('update-received'), round },
      update: update.chain(({ attachments, state, ...rest }) =>
        fc.constant({
          ...{ participant: 'site-a', sha256: state.sha256, ...rest },
          attachments: attachments && { fisher: attachments.fisher.sha256 },
        }),
      ),
    }),
    fc.record({
      ...{ type: fc.constant('merged'), round, sha256, merged: tested, own: tested, seconds: size },
      ...{
        common: optional(fc.record({ control: sha256 })),
        counted: optional(names),
        server: optional(sha256),
      },
    }),
    fc.record({
      type: fc.constant('copy-evaluated'),
      round,
      participant: name,
      validation: figures,
    }),
    fc.record({
      ...{
        type: fc.constant('joined'),
        round,
        participant: name,
        examples: positive,
        validationExamples: natural,
      },
      labelCounts: optional(fc.array(natural, { maxLength: 12 })),
    }),
    fc.record({ type: fc.constant('left'), round, participant: name, reason: optional(sentence) }),
    fc.record({ type: fc.constant('deadline-set'), round, phase, at: date }),
    fc.record({ type: fc.constantFrom('deadline-passed'), round, phase }),
    fc.record({
      ...{ type: fc.constant('contributed'), round, phase: name, participant: name },
      ...{ sha256: optional(sha256), sums: optional(fc.array(size, { maxLength: 9 })) },
    }),
    fc.record({ type: fc.constant('computed'), round, phase: name, sha256 }),
    fc.record({ type: fc.constant('work-lost'), round, phase: name, participant: name }),
    fc.record({ type: fc.constant('stopped'), round }),
  ),
);
