/**
 * Features: what the numbers in a row of a table mean. A column of a data set holds those of one
 * dtype side by side: f32 for quantities, i32 for categories. A missing value has a number of its
 * own, so every row has a value in every place.
 */

/** One number of each row. */
export type Feature = NumberFeature | CategoryFeature;

export interface NumberFeature {
  readonly kind: 'number';
  readonly name: string;
  readonly unit?: string | undefined;
  /** The least and the greatest value that is counted in histograms; declared, not measured. */
  readonly range?: readonly [number, number] | undefined;
  /** Numbers in the table that stand for a missing value. */
  readonly missing?: readonly number[] | undefined;
}

export interface CategoryFeature {
  readonly kind: 'category';
  readonly name: string;
  /** The known categories. A value is the place of one, or one of the two numbers after them. */
  readonly names: readonly string[];
  /** Texts in the table that stand for a missing value, besides an empty one. */
  readonly missing?: readonly string[] | undefined;
}

/** The value of a quantity that is missing: the lowest float32. */
export const MISSING_NUMBER = -3.4028234663852886e38;

/** The value of a category that is not among the known ones. */
export const otherCategory = ({ names }: CategoryFeature): number => names.length;

/** The value of a category that is missing. */
export const missingCategory = ({ names }: CategoryFeature): number => names.length + 1;

/** How many values a category can have: the known ones, another one, and missing. */
export const categoryValues = ({ names }: CategoryFeature): number => names.length + 2;

/** Texts that stand for a missing value in every table, in lower case; they count in any case. */
export const MISSING_WORDS: readonly string[] = [
  ...['', 'na', 'n/a', '#n/a', '#na', '<na>', 'nan', '-nan', 'null'],
];
