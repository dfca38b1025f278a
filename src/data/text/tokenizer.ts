/** How texts become numbers. */

export interface Tokenizer {
  /** How many different numbers there are. */
  readonly vocabulary: number;
  /** The number that fills the places after a text. */
  readonly padding: number;
  /** How numbers are kept: `u8` if they are below 256. */
  readonly kept: 'u8' | 'i32';
  /** The SHA-256 of the file that says how; undefined for bytes. */
  readonly sha256?: string | undefined;
  encode(text: string): ArrayLike<number>;
  /** The tokens of the beginning of a text that has more. */
  cut(text: string, ids: ArrayLike<number>, length: number): ArrayLike<number>;
}

/** The bytes of a text in UTF-8. No text has the byte 0, which stands for padding. */
export const byteTokenizer: Tokenizer = {
  vocabulary: 256,
  padding: 0,
  kept: 'u8',
  encode: (text) => encoder.encode(text.includes('\0') ? text.replaceAll('\0', '') : text),
  cut: (_, ids, length) => (ids as Uint8Array).subarray(0, length),
};

const encoder = new TextEncoder();
