/** How texts become numbers. */

export interface Tokenizer {
  /** How many different numbers there are. */
  readonly vocabulary: number;
  /** The number that fills the places after a text. */
  readonly padding: number;
  /** How numbers are kept: `u8` if they are below 256. */
  readonly kept: 'u8' | 'i32';
  encode(text: string): ArrayLike<number>;
}

/** The bytes of a text in UTF-8. No text has the byte 0, which stands for padding. */
export const byteTokenizer: Tokenizer = {
  vocabulary: 256,
  padding: 0,
  kept: 'u8',
  encode: (text) => encoder.encode(text.includes('\0') ? text.replaceAll('\0', '') : text),
};

const encoder = new TextEncoder();
