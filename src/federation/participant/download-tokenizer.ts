/** Downloads the tokenizer by which the texts of a federation become tokens. */
import { unlessAborted } from '../../base/unless-aborted.js';
import { jsonTokenizer, MOST_TOKENIZER_BYTES } from '../../data/text/json-tokenizer.js';
import type { Tokenizer } from '../../data/text/tokenizer.js';
import type { ParticipantEnd } from '../../transport/transport.js';
import { FederationError } from '../error.js';

export interface DownloadedTokenizer {
  readonly tokenizer: Tokenizer;
  /** Of the file, which its model needs, too. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Undefined if the federation is not about texts, or reads them as bytes.
 * @throws FederationError when the coordinator offers another file, or a larger one; DataError when
 * it is no tokenizer
 */
export async function downloadTokenizer(
  { description, download }: Pick<ParticipantEnd, 'description' | 'download'>,
  signal = new AbortController().signal,
): Promise<DownloadedTokenizer | undefined> {
  const { inputs, tokenizer: blob } = description;
  const [{ meaning } = {}] = inputs;
  const agreed = meaning?.kind === 'tokens' ? meaning.tokenizer : undefined;
  if (agreed === undefined) return undefined;
  if (blob?.sha256 !== agreed) {
    throw new FederationError(
      `federation: it is about texts by the tokenizer ${agreed}, but the coordinator offers ${blob?.sha256 ?? 'none'}`,
      { hint: 'tell the operator of the coordinator' },
    );
  }
  if (blob.bytes > MOST_TOKENIZER_BYTES) {
    throw new FederationError(
      `federation: the tokenizer has ${blob.bytes} bytes, expected at most ${MOST_TOKENIZER_BYTES}`,
    );
  }
  const bytes = Uint8Array.from(await unlessAborted(download(blob), signal));
  return { bytes, tokenizer: await jsonTokenizer('the federation’s tokenizer.json', bytes) };
}
