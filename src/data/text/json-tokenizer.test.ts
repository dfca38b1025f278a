/** A tokenizer.json gives the tokens that Python's tokenizers give (test/fixtures/tokenizers). */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256HexNow } from '../../base/sha256.js';
import { DataError } from '../error.js';
import { jsonTokenizer } from './json-tokenizer.js';

const at = (name: string) => resolve('test/fixtures/tokenizers', name);
const bytesOf = (name: string) => new Uint8Array(readFileSync(at(name)));
interface Recorded {
  readonly vocabulary: number;
  readonly whole: readonly (readonly number[])[];
  readonly cut: readonly (readonly number[])[];
}
const { texts, tokenizers } = JSON.parse(readFileSync(at('recorded.json'), 'utf8')) as {
  texts: readonly string[];
  tokenizers: Readonly<Record<string, Recorded>>;
};

describe.each(Object.entries(tokenizers))('%s', (name, recorded) => {
  const opened = () => jsonTokenizer(`${name}.json`, bytesOf(`${name}.json`));

  it('has the tokens of Python', async () => {
    const tokenizer = await opened();
    expect(texts.map((text) => tokenizer.encode(text))).toEqual(recorded.whole);
  });

  it('cuts as Python does, with the special tokens at the end', async () => {
    const tokenizer = await opened();
    const cut = texts.map((text) => {
      const whole = tokenizer.encode(text);
      return [...Array.from(whole.length > 12 ? tokenizer.cut(text, whole, 12) : whole)];
    });
    expect(cut).toEqual(recorded.cut);
    expect(recorded.cut.filter(({ length }) => length === 12).length).toBeGreaterThan(5);
  });

  it('knows its size, its padding and its hash', async () => {
    const { vocabulary, padding, sha256, kept } = await opened();
    const own = { wordpiece: 0, 'bytes-bpe': recorded.vocabulary, unigram: 1 }[name];
    const beyond = own === recorded.vocabulary ? 1 : 0;
    expect({ vocabulary, padding, kept }).toEqual({
      ...{ vocabulary: recorded.vocabulary + beyond, padding: own, kept: 'i32' },
    });
    expect(sha256).toBe(sha256HexNow(bytesOf(`${name}.json`)));
  });
});

it.each<[string, string, string]>([
  ['no JSON', 'hello\nworld', '"t.json" is not JSON, expected a tokenizer.json'],
  ['a list', '"tokens"', '"t.json" is not JSON, expected a tokenizer.json'],
  [
    'another file',
    '{"do_lower_case":true}',
    '"t.json" has do_lower_case, expected a tokenizer.json with a "model"',
  ],
  ['an unknown model', '{"model":{"type":"Magic","vocab":{"a":0}}}', '"t.json" cannot be used: '],
  [
    'too many tokens',
    '{"model":{"type":"WordPiece","vocab":{"a":99999999}}}',
    '"t.json" has 100000000 tokens',
  ],
  ['no tokens', '{"model":{"type":"WordPiece","vocab":{}}}', '"t.json" has 0 tokens'],
])('%s is refused', async (_, content, message) => {
  const opening = jsonTokenizer('t.json', new TextEncoder().encode(content));
  await expect(opening).rejects.toThrow(message);
  await expect(opening).rejects.toThrow(DataError);
});

it('a file that is too large is refused before it is read', async () => {
  await expect(jsonTokenizer('t.json', new Uint8Array(2 ** 26 + 1))).rejects.toThrow(
    '"t.json" has 67108865 bytes, expected a tokenizer.json of at most 67108864',
  );
});

it('the padding of the file counts, and so does a special token longer than the text', async () => {
  const json = JSON.parse(readFileSync(at('wordpiece.json'), 'utf8'));
  const changed = { ...json, padding: { ...PADDING, pad_id: 4 } };
  const tokenizer = await jsonTokenizer('t.json', new TextEncoder().encode(JSON.stringify(changed)));
  expect(tokenizer.padding).toBe(4);
  const whole = tokenizer.encode('Everyone');
  expect(Array.from(tokenizer.cut('Everyone', whole, 1))).toEqual([whole[0]]);
});

const PADDING = { strategy: { Fixed: 8 }, direction: 'Right', pad_type_id: 0, pad_token: '[MASK]' };
