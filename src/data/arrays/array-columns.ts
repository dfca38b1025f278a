/** What the settings say of arrays, and the columns that arrays become by it. */
import type { ColumnFacts, Meaning } from '../dataset.js';
import { DataError } from '../error.js';
import type { ValuesKind } from '../paged-values.js';
import type { ArrayMeaning } from '../settings.js';
import { kindOf, type StoredArray } from './stored-array.js';

export const meaningOfArray = (setting: ArrayMeaning): Meaning => {
  if (setting === 'number' || setting === 'picture') return { kind: setting };
  if ('number' in setting) {
    return { kind: 'number', ...(setting.number !== true && { unit: setting.number }) };
  }
  if ('tokens' in setting) return { kind: 'tokens', vocabulary: setting.tokens };
  const { category, ignored } = setting;
  return { kind: 'categories', names: category.map(String), ...(ignored !== undefined && { ignored }) };
};

/**
 * The column of an array, without its values.
 * @param what names the array in errors
 * @throws DataError when its type or shape does not fit its meaning
 */
export function columnOfArray(
  name: string,
  setting: ArrayMeaning,
  { type, shape: [examples, ...shape] }: StoredArray,
  what: string,
): ColumnFacts {
  const meaning = meaningOfArray(setting);
  const got = `${type}[${[examples, ...shape].filter((extent) => extent !== undefined)}]`;
  const wrong = (expected: string, hint: string) =>
    new DataError(`data: ${what} is ${got}, expected ${expected}`, { hint });
  if (examples === undefined || examples === 0 || shape.includes(0)) {
    throw wrong('one or more examples along its first axis', 'write an array of shape [examples, …]');
  }
  if (shape.length > 8) throw wrong('at most 8 axes beside that of the examples', 'reshape it');
  if (meaning.kind === 'picture') {
    if (type !== 'u8' || shape.length !== 3) {
      throw wrong(
        'u8[examples,channels,height,width] of a picture',
        'write bytes from 0 to 255, or call it a number',
      );
    }
    return { name, dtype: 'u8', shape, meaning };
  }
  if (meaning.kind === 'number') return { name, dtype: 'f32', shape, meaning };
  if (kindOf(type) === 'f32') {
    throw wrong(
      `whole numbers, since "${name}" is ${meaning.kind === 'tokens' ? 'tokens' : 'a category'}`,
      'write it as integers, such as by array.astype("int32")',
    );
  }
  return { name, dtype: 'i32', shape, meaning };
}

/** The kind of array that its values are kept in: bytes stay bytes. */
export const keptKind = ({ dtype }: ColumnFacts, { type }: StoredArray): ValuesKind =>
  kindOf(type) === 'u8' ? 'u8' : dtype;
