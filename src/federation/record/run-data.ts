/**
 * The digests of a run's data, in its folder: of every participant's share, and of the test
 * examples; and the tokenizer of texts. When the run is resumed, they must be the same. Node only.
 *
 *     data.json    {"participants":{"site-a":"3f5d…"},"test":"85d1…"}
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { reasonOf } from '../../base/node/reason.js';
import { sha256HexNow } from '../../base/sha256.js';
import type { Dataset, TrainTestSplit } from '../../data/dataset.js';
import type { Share } from '../../data/partition/partition.js';
import type { DataSettings } from '../../data/settings.js';
import { TOKENIZER_FILE } from '../../data/text/json-tokenizer.js';
import { tokenizerFile } from '../../data/text/node/open-tokenizer.js';
import { sha256Schema } from '../../protocol/blob-name.js';
import { FederationError } from '../error.js';
import { dataDigest, everyExample } from './data-digest.js';
import { writeResult } from './write-result.js';

const RUN_DATA = 'data.json';

const runDataSchema = z.strictObject({
  participants: z.record(z.string(), sha256Schema),
  test: sha256Schema.optional(),
});
type RunData = z.output<typeof runDataSchema>;

/**
 * Records the digests at the first start, or compares them with those.
 * @param shares of the participants on this machine
 * @throws FederationError when data differ from those of the first start
 */
export async function keepRunData(
  folder: string,
  { train, test }: TrainTestSplit,
  shares: readonly Share[],
): Promise<void> {
  const participants: Record<string, string> = {};
  for (const share of shares)
    participants[share.name] = await dataDigest(train, share.train, share.validation);
  const now: RunData = {
    participants,
    ...(test.examples > 0 && { test: await dataDigest(test, everyExample(test)) }),
  };
  const recorded = await readRunData(folder);
  if (recorded === undefined) await writeResult(folder, RUN_DATA, `${JSON.stringify(now)}\n`);
  else requireSame(folder, recorded, now);
}

/**
 * Keeps the tokenizer of a run's texts, where its models find it.
 * @throws FederationError when the run began with another one
 */
export async function keepTokenizer(folder: string, data: DataSettings | undefined): Promise<void> {
  const bytes = await tokenizerFile(data);
  if (bytes === undefined) return;
  const before = await readFile(join(folder, TOKENIZER_FILE)).catch(() => undefined);
  if (before === undefined) await writeResult(folder, TOKENIZER_FILE, bytes);
  else if (sha256HexNow(before) !== sha256HexNow(bytes)) {
    throw new FederationError(`"data.tokenizer" is another file than when the run in "${folder}" began`, {
      hint: 'put back the file that there was, or begin a new run with another --out',
    });
  }
}

function requireSame(folder: string, recorded: RunData, now: RunData): void {
  const others = [
    ...Object.keys(now.participants).map(
      (name) => [`"${name}" has`, recorded.participants[name], now.participants[name]] as const,
    ),
    ['the test examples are', recorded.test, now.test] as const,
  ];
  for (const [who, expected, got] of others) {
    if (expected === got) continue;
    const what = who.startsWith('"') ? `${who} other data` : `${who} others`;
    throw new FederationError(
      `${what} than when the run in "${folder}" began: their SHA-256 is ${short(got)}, expected ${short(expected)}`,
      { hint: 'put back the data that there were, or begin a new run with another --out' },
    );
  }
}

/**
 * Compares test examples with those of the run, if its folder says which those were.
 * @throws FederationError when they are others
 */
export async function requireTestOf(folder: string, test: Dataset): Promise<void> {
  const recorded = (await readRunData(folder))?.test;
  if (recorded === undefined || (await dataDigest(test, everyExample(test))) === recorded) return;
  throw new FederationError(`the test examples of "${test.name}" are not those of the run any more`);
}

const short = (sha256: string | undefined) => (sha256 === undefined ? 'none' : `${sha256.slice(0, 12)}…`);

/** Undefined if the run has none yet. */
async function readRunData(folder: string): Promise<RunData | undefined> {
  const file = join(folder, RUN_DATA);
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new FederationError(`"${file}" cannot be read: ${reasonOf(cause)}`, { cause });
  });
  if (text === undefined) return undefined;
  try {
    return runDataSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new FederationError(`"${file}" is damaged`, { cause, hint: 'put back what was there' });
  }
}
