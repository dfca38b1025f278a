/**
 * A tokenizer.json, as Hugging Face's tokenizers write it: WordPiece, BPE, Unigram and others. The
 * package that carries it out is loaded with the first such file.
 */
import { z } from 'zod';
import { sha256Hex } from '../../base/sha256.js';
import { DataError } from '../error.js';
import type { Tokenizer } from './tokenizer.js';

/** Its name in a folder, beside a model. */
export const TOKENIZER_FILE = 'tokenizer.json';
/** The largest known ones have some 30 MB. */
export const MOST_TOKENIZER_BYTES = 2 ** 26;
const MOST_TOKENS = 2 ** 20;

const id = z.int().min(0);
/** What is read of it here; the package reads the rest. */
const fileSchema = z.object({
  model: z.object({
    type: z.string().optional(),
    vocab: z.union([z.record(z.string(), id), z.array(z.unknown())]),
  }),
  added_tokens: z.array(z.object({ id, content: z.string() })).default([]),
  padding: z.object({ pad_id: id }).nullish(),
});

/** What added tokens for padding are called. */
const PADDING = ['[PAD]', '<pad>', '<|pad|>', '<PAD>'];

/**
 * Texts are cut as Python's `enable_truncation` cuts them: special tokens, such as [SEP] at the
 * end, stay.
 * @param file its name in messages
 * @throws DataError when it is no such file, too large, or of a kind that is not known
 */
export async function jsonTokenizer(file: string, bytes: Uint8Array<ArrayBuffer>): Promise<Tokenizer> {
  const json = parsed(file, bytes);
  const { model, added_tokens: added, padding } = valid(file, json);
  const ids = Array.isArray(model.vocab) ? [model.vocab.length - 1] : Object.values(model.vocab);
  const known = 1 + [...ids, ...added.map((token) => token.id)].reduce((a, b) => Math.max(a, b), -1);
  if (known < 1 || known > MOST_TOKENS) {
    throw new DataError(`data: "${file}" has ${known} tokens, expected at most ${MOST_TOKENS}`);
  }
  // Without a token for padding, it is one beyond the others.
  const fill = padding?.pad_id ?? added.find(({ content }) => PADDING.includes(content))?.id ?? known;
  const { Tokenizer: Library } = await import('@huggingface/tokenizers');
  const carriedOut = <Result>(work: () => Result, what: string): Result => {
    try {
      return work();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
      throw new DataError(`data: "${file}" cannot ${what}: ${reason}`, {
        cause,
        hint: 'save it again by the newest tokenizers of Python, as tokenizer.save("tokenizer.json")',
      });
    }
  };
  const library = carriedOut(() => new Library(json, {}), 'be used');
  const encode = (text: string, special: boolean) =>
    carriedOut(() => library.encode(text, { add_special_tokens: special }).ids, 'read a text');
  encode('', true);
  return {
    ...{ vocabulary: Math.max(known, fill + 1), padding: fill, kept: 'i32' },
    sha256: await sha256Hex(bytes),
    encode: (text) => encode(text, true),
    cut: (text, whole, length) => withSpecial(Array.from(whole), encode(text, false), length),
  };
}

/** The beginning of the content, between the special tokens that stand around the whole. */
function withSpecial(
  whole: readonly number[],
  content: readonly number[],
  length: number,
): readonly number[] {
  const room = length - (whole.length - content.length);
  if (room < 0) return whole.slice(0, length);
  const at = Array.from({ length: whole.length - content.length + 1 }, (_, start) => start).find((start) =>
    content.every((token, place) => whole[start + place] === token),
  );
  if (at === undefined) return whole.slice(0, length);
  return [...whole.slice(0, at), ...content.slice(0, room), ...whole.slice(at + content.length)];
}

export const tooLarge = (file: string, bytes: number) =>
  new DataError(
    `data: "${file}" has ${bytes} bytes, expected a tokenizer.json of at most ${MOST_TOKENIZER_BYTES}`,
  );

function parsed(file: string, bytes: Uint8Array): object {
  if (bytes.length > MOST_TOKENIZER_BYTES) throw tooLarge(file, bytes.length);
  try {
    const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof json === 'object' && json !== null) return json;
  } catch {
    // Said below.
  }
  throw new DataError(`data: "${file}" is not JSON, expected a tokenizer.json`, { hint: HINT });
}

function valid(file: string, json: object) {
  const { success, data } = fileSchema.safeParse(json);
  if (success) return data;
  const keys = Object.keys(json).slice(0, 5).join(', ');
  throw new DataError(`data: "${file}" has ${keys || 'nothing'}, expected a tokenizer.json with a "model"`, {
    hint: HINT,
  });
}

const HINT =
  'Hugging Face’s models have one beside their weights; vocab.txt and tokenizer_config.json are other files';
