/** Every decoder of what comes from elsewhere, with sound input to start from. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { z } from 'zod';
import { sha256Of } from '../../src/base/node/sha256-of.js';
import { isPrintable, printable } from '../../src/base/printable.js';
import { checkUpdate } from '../../src/federation/coordinator/admission/check-update.js';
import { keptWork } from '../../src/federation/participant/kept/kept-update.js';
import type { ParticipantFolder } from '../../src/federation/participant/kept/participant-files.js';
import { journalLine, parseJournal, sealedText } from '../../src/federation/record/journal.js';
import { readStrategy } from '../../src/merge/strategies/strategies.js';
import { parseConfiguration } from '../../src/protocol/configuration/configuration.js';
import { hubFrameSchema, participantFrameSchema, readSubprotocols } from '../../src/protocol/frames.js';
import { identitySchema } from '../../src/protocol/identity.js';
import { parseFrame } from '../../src/protocol/parse-frame.js';
import { PROTOCOL_VERSION } from '../../src/protocol/version.js';
import { decodeSafetensors, encodeSafetensors } from '../../src/tensor/safetensors.js';
import { layoutSize, stateLayout } from '../../src/tensor/state-dict.js';
import { openTokens } from '../../src/transport/hub/server/guard/tokens.js';
import { announcingSchema, answerSchema, decode, stateSchema } from '../../src/transport/nats/messages.js';
import { exampleDescription } from '../../src/transport/transport.contract.js';
import type { Decoder } from './fuzz.js';
import * as messages from './messages.js';
import { below, type Dice, mutatedBytes, mutatedDocument, mutatedText, oneOf } from './mutate.js';
import { foreignPlans } from './plans.js';

/** JSON with the keys of objects in one order, and its texts as they are shown. */
function canonical(value: unknown): string {
  const ordered = (each: unknown): unknown => {
    if (typeof each === 'string') return printable(each);
    if (typeof each !== 'object' || each === null) return each;
    if (Array.isArray(each)) return each.map(ordered);
    return Object.keys(each)
      .sort()
      .map((key) => [key, ordered((each as Record<string, unknown>)[key])]);
  };
  return JSON.stringify(ordered(value));
}

const corpusOf = (arbitrary: fc.Arbitrary<unknown>) => fc.sample(arbitrary, { numRuns: 300, seed: 7 });

/** Sound documents, most of them changed: here and there a value, or the text. */
const documents = (corpus: readonly unknown[], share: number) => (dice: Dice) => {
  const document = oneOf(dice, corpus);
  const way = dice();
  if (way < share) return { input: JSON.stringify(document), sound: true };
  if (way < 0.75)
    return { input: JSON.stringify(mutatedDocument(dice, document, oneOf(dice, corpus))) ?? '' };
  return { input: mutatedText(dice, JSON.stringify(document)) };
};

const requireThat = (holds: boolean, what: string) => {
  if (!holds) throw new Error(what);
};

function frames(
  name: string,
  schema: z.ZodType<unknown>,
  arbitrary: fc.Arbitrary<unknown>,
  share: number,
): Decoder {
  return {
    ...{ name, share, next: documents(corpusOf(arbitrary), 0.1) },
    read(text: string) {
      const parsed = parseFrame(schema, text);
      if ('problem' in parsed) {
        requireThat(parsed.problem.length < 500, 'the problem is a long story');
        requireThat(isPrintable(parsed.problem), 'the problem could steer a terminal');
        return undefined;
      }
      const { frame } = parsed;
      const again = parseFrame(schema, JSON.stringify(frame));
      requireThat(
        'frame' in again && canonical(again.frame) === canonical(frame),
        'it is another when said again',
      );
      // A description has defaults filled in, and a refusal of a later version may say more.
      if (!/"(welcome|refused)"/.test(text)) {
        // Two spellings of one name in Unicode are read as the same.
        const [said, read] = [JSON.parse(text), frame].map((value) => canonical(value).normalize('NFC'));
        requireThat(said === read, 'it was read as something else');
      }
      return frame;
    },
  };
}

const encoder = new TextEncoder();

function natsMessages(name: string, schema: z.ZodType<unknown>, arbitrary: fc.Arbitrary<unknown>): Decoder {
  const text = documents(corpusOf(arbitrary), 0.1);
  return {
    ...{ name, share: 40 },
    next(dice) {
      const { input, sound = false } = text(dice);
      const bytes = encoder.encode(input);
      return sound || dice() < 0.7 ? { input: bytes, sound } : { input: mutatedBytes(dice, bytes) };
    },
    read(bytes: Uint8Array) {
      const value = decode(schema, bytes, 2 ** 18);
      const again = decode(schema, encoder.encode(JSON.stringify(value)), 2 ** 18);
      requireThat(canonical(again) === canonical(value), 'it is another when said again');
      return value;
    },
  };
}

const layout = stateLayout([
  ['conv.weight', [3, 2]],
  ['conv.bias', [3]],
  ['fc.weight', [2, 3]],
]);
const data = Float32Array.from({ length: layoutSize(layout) }, (_, i) => i / 7 - 1);
const update = encodeSafetensors({ layout, data });

const DTYPES = ['F64', 'F32', 'F16', 'BF16', 'I64', 'I8', 'BOOL', 'F7', '', 32, null];
const EXTENTS = [0, 1, 3, -1, 0.5, 1e9, 2 ** 31, 2 ** 53, 2 ** 53 - 1, 1e300, '3', null];
const OFFSETS = [0, 4, 24, 36, 60, -1, 1e9, 2 ** 32, 2 ** 53 - 1, 2 ** 60, 0.5, '0', null];
const LENGTHS = [
  0n,
  1n,
  8n,
  99_999_999n,
  100_000_001n,
  2n ** 31n,
  2n ** 32n,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
];
const NUMBERS = [0x7fc00000, 0x7f800000, 0xff800000, 0x7f7fffff, 0x00000001, 0x80000000, 0xffffffff];

/**
 * A safetensors file with lies in its header, its length or its numbers, or with bytes changed
 * anywhere.
 */
function mutatedFile(dice: Dice): { input: Uint8Array; sound?: boolean } {
  if (dice() < 0.05) return { input: update, sound: true };
  const view = new DataView(update.buffer);
  const length = Number(view.getBigUint64(0, true));
  const numbers = Buffer.from(update.subarray(8 + length));
  const header = JSON.parse(Buffer.from(update.subarray(8, 8 + length)).toString());
  const withHeader = (text: string, said = BigInt(Buffer.byteLength(text))) => {
    const prefix = Buffer.alloc(8);
    prefix.writeBigUInt64LE(said);
    return Buffer.concat([prefix, Buffer.from(text), numbers]);
  };
  switch (below(dice, 6)) {
    case 0:
      return { input: mutatedBytes(dice, update) };
    case 1: {
      const entry = header[oneOf(dice, Object.keys(header))];
      const field = below(dice, 3);
      if (field === 0) entry.dtype = oneOf(dice, DTYPES);
      else if (field === 1) entry.shape = Array.from({ length: below(dice, 12) }, () => oneOf(dice, EXTENTS));
      else entry.data_offsets[below(dice, 3)] = oneOf(dice, OFFSETS);
      return { input: withHeader(JSON.stringify(header)) };
    }
    case 2:
      return { input: withHeader(JSON.stringify(mutatedDocument(dice, header, header)) ?? '') };
    case 3:
      return { input: withHeader(mutatedText(dice, JSON.stringify(header))) };
    case 4:
      return { input: withHeader(JSON.stringify(header), oneOf(dice, LENGTHS)) };
    default: {
      numbers.writeUInt32LE(oneOf(dice, NUMBERS), 4 * below(dice, numbers.length / 4));
      return { input: withHeader(JSON.stringify(header)) };
    }
  }
}

/** The decoders, with a folder for those that read files; `close` removes it. */
export function openDecoders(): { readonly decoders: readonly Decoder[]; close(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'commonweight-fuzz-'));
  const [updateFile, tokensFile] = [join(folder, 'update'), join(folder, 'tokens.json')];
  writeFileSync(join(folder, 'base'), update);

  const safetensors: Decoder = {
    ...{ name: 'safetensors', share: 220, next: mutatedFile },
    read(bytes: Uint8Array) {
      const { state, metadata } = decodeSafetensors(bytes, 'f');
      const again = decodeSafetensors(encodeSafetensors(state, metadata), 'f');
      requireThat(
        sha256Of(new Uint8Array(again.state.data.buffer)) === sha256Of(new Uint8Array(state.data.buffer)) &&
          JSON.stringify([again.state.layout, again.metadata]) === JSON.stringify([state.layout, metadata]),
        'it is another when written again',
      );
      return state;
    },
  };
  const updates: Decoder = {
    ...{ name: 'updates', share: 10, next: mutatedFile },
    async read(bytes: Uint8Array) {
      writeFileSync(updateFile, bytes);
      const { problem } = await checkUpdate(updateFile, layout, {
        ...{ what: 'the update', base: join(folder, 'base') },
      });
      if (problem !== undefined) {
        requireThat(problem.length < 2000 && !problem.includes(folder), 'the problem tells too much');
        return undefined;
      }
      const { state } = decodeSafetensors(bytes, 'f');
      requireThat(state.data.every(Number.isFinite), 'not all of its numbers are finite');
      requireThat(
        Buffer.compare(encodeSafetensors(state), bytes) === 0,
        'it has bytes of the sender’s choice',
      );
      return state;
    },
  };
  const tokens: Decoder = {
    ...{ name: 'tokens', share: 1 },
    next: documents(
      corpusOf(
        messages.identities.map((identity) => ({
          version: 1,
          tokens: [{ identity, sha256: 'a'.repeat(64), issued: '2026-01-01T00:00:00.000Z' }],
        })),
      ),
      0.1,
    ),
    async read(text: string) {
      writeFileSync(tokensFile, text);
      return (await openTokens(tokensFile)).list();
    },
  };
  const journal: Decoder = {
    ...{ name: 'journal', share: 60, next: documents(corpusOf(messages.facts), 0.1) },
    read(line: string) {
      const facts = parseJournal(sealedText(line), 'journal.jsonl');
      const again = parseJournal(facts.map(journalLine).join(''), 'journal.jsonl');
      requireThat(canonical(again) === canonical(facts), 'it is another when written again');
      return facts;
    },
  };
  const strategies: Decoder = {
    ...{ name: 'strategies', share: 25 },
    next(dice) {
      const lines = ['mean', 'trimmed-mean(trim=0.2)', 'multi-krum(f=1, m=2)', 'median', 'fisher-mean'];
      const sound = oneOf(dice, lines);
      return dice() < 0.1 ? { input: sound, sound: true } : { input: mutatedText(dice, sound) };
    },
    read(line: string) {
      const reading = readStrategy(line);
      if (!('strategy' in reading)) return undefined;
      const again = readStrategy(reading.strategy.name);
      requireThat(
        'strategy' in again && again.strategy.name === reading.strategy.name,
        'it has another name',
      );
      return reading.strategy;
    },
  };
  const configurations: Decoder = {
    ...{ name: 'configurations', share: 3 },
    next: documents([exampleDescription.configuration], 0.1),
    read(text: string) {
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        return undefined;
      }
      const configuration = parseConfiguration(value, 'f');
      const again = parseConfiguration(configuration, 'f');
      requireThat(canonical(again) === canonical(configuration), 'it is another when read again');
      return configuration;
    },
  };
  const protocols: Decoder = {
    ...{ name: 'subprotocols', share: 20 },
    next: (dice) => ({
      input: mutatedText(dice, `commonweight.${PROTOCOL_VERSION}, token.abcdefghijklmnop, chat`),
    }),
    read: (text: string) => readSubprotocols(text.split(',').map((each) => each.trim())),
  };
  const kept: Decoder = {
    ...{ name: 'kept work', share: 2 },
    next(dice) {
      const state = { sha256: sha256Of(update), bytes: update.length };
      const record = {
        ...{ job: 'j', participant: 'p', plan: 'x' },
        announcement: {
          ...{ type: 'update', round: 1 },
          update: { state, examples: 1, epochs: 1, examplesSeen: 1, loss: 1, seconds: 1 },
        },
        own: {},
      };
      return documents([record], 0.1)(dice);
    },
    async read(text: string) {
      const bytes = encoder.encode(text);
      const place: ParticipantFolder = {
        name: 'the folder',
        read: async (file) => new Uint8Array(file === 'update.json' ? bytes : update),
        write: async () => {},
        remove: async () => {},
      };
      return keptWork(place, { job: 'j', participant: 'p', plan: 'x' }, { methods: [], keep: 3 }).load();
    },
  };
  return {
    decoders: [
      frames('participant frames', participantFrameSchema, messages.participantFrames, 310),
      frames('hub frames', hubFrameSchema, messages.hubFrames, 190),
      frames('identities', identitySchema, messages.identities, 29),
      natsMessages('announcements over NATS', announcingSchema, messages.announcing),
      natsMessages('states over NATS', stateSchema, messages.states),
      natsMessages('receipts over NATS', answerSchema, messages.answers),
      ...[
        safetensors,
        updates,
        tokens,
        journal,
        strategies,
        configurations,
        protocols,
        kept,
        foreignPlans(10),
      ],
    ],
    close: () => rmSync(folder, { recursive: true }),
  };
}
