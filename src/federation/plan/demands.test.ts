import { getHeapStatistics } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { pictureColumns } from '../../../test/picture-columns.js';
import { CommonweightError } from '../../base/error.js';
import { imageFacts } from '../../data/images/image-dataset.js';
import type { Announcement } from '../../protocol/announcement.js';
import type { Assignment } from '../../protocol/assignment.js';
import { type ConfigurationInput, parseConfiguration } from '../../protocol/configuration/configuration.js';
import { type Description, descriptionSchema } from '../../protocol/description.js';
import { PROTOCOL_VERSION } from '../../protocol/version.js';
import type { ParticipantEnd } from '../../transport/transport.js';
import { assignedWork } from '../participant/assigned-work.js';
import { nothingKept } from '../participant/kept/kept-update.js';
import { compileFederation } from './compile-federation.js';
import { compileDescription, describeFederation } from './description.js';
import { namedParts } from './extensions.js';

const modest: ConfigurationInput = {
  dataset: 'none',
  imageShape: [1, 4, 4],
  classNames: ['a', 'b', 'c'],
  partition: { name: 'iid' },
  model: { name: 'mlp', hidden: [4] },
  optimizer: { name: 'adam' },
  local: { steps: 2 },
  rounds: 2,
};

/** As it comes by the wire, from somebody who leaves out what a coordinator checks. */
function described(change: Partial<ConfigurationInput>, facts: Partial<Description> = {}): unknown {
  const { imageShape, classNames, ...configuration } = parseConfiguration(modest, 'test');
  return {
    ...{
      protocol: PROTOCOL_VERSION,
      job: '0123456789abcdef',
      participants: ['site-a', 'site-b'],
      plan: 'a'.repeat(64),
    },
    ...columns(imageShape!, classNames),
    configuration: { ...configuration, dataset: 'fashion-mnist', ...change },
    ...facts,
  };
}

const columns = (shape: readonly number[], names = ['a', 'b', 'c']) => pictureColumns(shape, names);
const many = (length: number, value: (index: number) => string) => Array.from({ length }, (_, i) => value(i));

/** Each asks for the impossible, or for what no machine of a participant should give. */
const absurd: [string, unknown, RegExp][] = [
  ['a network of 8 TB', described({ model: { name: 'mlp', hidden: [1e6, 1e6] } }), /would need some .* GB/],
  ['one that has no number', described({ model: { name: 'mlp', hidden: [9e15, 9e15] } }), /would need some/],
  ['a million layers', described({ model: { name: 'mlp', hidden: Array(1e6).fill(1) } }), /hidden/],
  [
    'a gigapixel',
    described({}, columns([3, 32768, 32768])),
    /images u8\[3,32768,32768\], 3221225472 numbers/,
  ],
  ['no number of pixels', described({}, columns([9e15, 9e15, 9e15])), /images u8\[9/],
  [
    'great images, many at once',
    described({ model: { name: 'resnet8' }, batchSize: 4096 }, columns([3, 3000, 3000])),
    /would need some/,
  ],
  ['too large a batch', described({ batchSize: 1e9 }), /batchSize/],
  ['a million classes', described({}, pictureColumns([1, 4, 4], many(1e6, String))), /targets.*names/],
  ['a million participants', described({}, { participants: many(1e6, (i) => `site-${i}`) }), /participants/],
  [
    'more participants than it names',
    described({ partition: { name: 'iid', participants: 1e9 } }),
    /names 2/,
  ],
  [
    'to draw for ever',
    described(
      { rounds: 9e15, participantsPerRound: 1, partition: { name: 'iid', participants: 2 } },
      { participants: ['site-a', 'site-b'] },
    ),
    /draws from 2 participants/,
  ],
  ['a strategy of megabytes', described({ strategy: `trimmed-mean(${'a=1,'.repeat(1e6)})` }), /strategy/],
  ['a strategy that trims all', described({ strategy: 'trimmed-mean(trim=1e300)' }), /trim/],
  ['a strategy for more than there are', described({ strategy: 'krum(f=1000000)' }), /krum/],
  ['many strategies', described({ compare: Array(1e5).fill('mean') }), /compare/],
  ['a name that is a path', described({}, { participants: ['site-a', '../../site-b'] }), /participants/],
  ['a name that steers a terminal', described({}, { participants: ['site-a', '\u001b[2J'] }), /participants/],
  [
    'a class that steers a terminal',
    described({}, pictureColumns([1, 4, 4], ['a', 'b\u0007', 'c'])),
    /targets.*names/,
  ],
  ['a graph of its own', described({}, { graph: 'AAAA' } as Partial<Description>), /graph/],
];

/** What a participant makes of it. */
async function take(value: unknown): Promise<unknown> {
  const parsed = descriptionSchema.safeParse(value);
  if (!parsed.success) {
    const { path = [], message } = parsed.error.issues[0] ?? {};
    return `${path.join('.')} ${message}`;
  }
  return compileDescription(parsed.data).catch((error: unknown) => error);
}

describe('a participant', () => {
  it.each(absurd)('refuses %s, before there is memory for it', async (_, description, message) => {
    const before = getHeapStatistics();
    const outcome = await take(description);
    const after = getHeapStatistics();
    if (typeof outcome !== 'string') expect(outcome).toBeInstanceOf(CommonweightError);
    expect(outcome instanceof Error ? outcome.message : outcome).toMatch(message);
    expect(after.external_memory - before.external_memory).toBeLessThan(2 ** 24);
  });

  it('says how to allow for more, and what is reasonable is not near the limit', async () => {
    const large = described({ model: { name: 'mlp', hidden: [9000, 9000] } });
    const parsed = descriptionSchema.parse(large);
    const refusal = compileDescription(parsed, { mostMemoryBytes: 1e9 });
    await expect(refusal).rejects.toMatchObject({
      message: expect.stringMatching(
        /^federation: the network "mlp" .* some \d+\.\d+ GB .* at most 1\.00 GB$/,
      ),
      hint: expect.stringContaining('--max-memory'),
    });
    // Only the plan's hash is wrong then.
    const paper = descriptionSchema.parse(
      described({ model: { name: 'paper-cnn' }, batchSize: 256 }, columns([3, 64, 64])),
    );
    await expect(compileDescription(paper, { mostMemoryBytes: 1e9 })).rejects.toThrow(/has the SHA-256/);
  });

  it('may take part with as much memory as the refusal names', async () => {
    for (const name of ['lenet5', 'mlp', 'resnet8'] as const) {
      const parsed = descriptionSchema.parse(described({ model: { name } }, columns([3, 61, 67])));
      const refusal = await compileDescription(parsed, { mostMemoryBytes: 1e7 }).catch(
        (error) => error.message,
      );
      const named = 1e9 * Number(/some (\S+) GB/.exec(refusal)?.[1]);
      await expect(compileDescription(parsed, { mostMemoryBytes: named }), refusal).rejects.toThrow(
        /SHA-256/,
      );
    }
  });

  it('is told of photographs that would take more than 8 GB, whatever the network', async () => {
    const photographs = columns([3, 768, 1024]);
    const large = columns([3, 1536, 2048]);
    for (const name of ['lenet5', 'paper-cnn', 'resnet8'] as const) {
      const parsed = descriptionSchema.parse(described({ model: { name }, batchSize: 2 }, large));
      await expect(compileDescription(parsed), name).rejects.toThrow(
        /would need some \d+\.\d GB of memory here/,
      );
    }
    // Where there is memory enough, arrays have an end.
    const parsed = descriptionSchema.parse(described({ model: { name: 'mlp' } }, photographs));
    await expect(compileDescription(parsed, { mostMemoryBytes: 1e12 })).rejects.toThrow(
      'federation: the weights of "mlp" on images u8[3,768,1024] take 2.42 GB, expected at most 2.15 GB',
    );
  });

  it('does not reckon what came before a round that cannot be, nor works for ever in one', async () => {
    const work = async (input: Partial<ConfigurationInput>) => {
      const configuration = parseConfiguration({ ...modest, ...input }, 'test');
      const facts = imageFacts([1, 4, 4], ['a', 'b', 'c']);
      const named = namedParts(configuration, {}, 'test');
      const federation = compileFederation(configuration, facts, named, 'test');
      const description = await describeFederation(federation, {
        job: '0123456789abcdef',
        participants: ['site-a', 'site-b'],
      });
      const announced: Announcement[] = [];
      const end = { description, announce: async (said: Announcement) => void announced.push(said) };
      const share = { name: 'site-a', train: Uint32Array.of(0), validation: Uint32Array.of(0) };
      return assignedWork({
        end: end as unknown as ParticipantEnd,
        federation,
        data: { share } as never,
        tasks: {} as never,
        kept: nothingKept,
        answered: { answer: (_, compute) => compute() },
        observer: { onProgress() {}, onEvent() {} },
      });
    };
    const train = (round: number): Extract<Assignment, { type: 'train' }> => ({
      ...{ type: 'train', epoch: 1, sequence: 1, round, waitingFor: ['site-a'] },
    });
    const { signal } = new AbortController();
    await expect((await work({})).train(train(2 ** 52), signal, () => {})).rejects.toThrow(
      'asks for round 4503599627370496, expected at most 2',
    );
    for (const local of [{ steps: 2 ** 40 }, { epochs: 2 ** 40 }]) {
      await expect((await work({ local })).train(train(1), signal, () => {})).rejects.toThrow(
        'a round has 1099511627776 steps, expected at most 16777216',
      );
    }
  });
});
