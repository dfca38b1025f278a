/**
 * The interface of a merging strategy: a rule that makes one state from the states of the updates.
 * `needs` says what it reads: the values of all updates in one place, each place by itself; before
 * that, the inner products of the updates or the distances between them; or all values, in as many
 * passes as it asks for. `strategies.ts` lists all strategies by name; the header of each cites its
 * paper.
 */

/** Whether a strategy is applied to the weights, or to what each update changed in the base. */
export type AppliedTo = 'weights' | 'updates';

/**
 * Values of one update, or merged values: float32; or float64, if files hold float64 or differences
 * from a base are merged.
 */
export type ValueColumn = Float32Array | Float64Array;

/** Where the values of a block lie, with the auxiliaries for them. */
export interface Block {
  readonly tensor: string;
  /** The tensor index of the block's first value. */
  readonly at: number;
  /**
   * For each auxiliary that the strategy names, one column for each update, finite and in the order
   * of the columns.
   */
  readonly auxiliaries: Readonly<Record<string, readonly ValueColumn[]>>;
}

/** A rule that works on each place by itself, so that it does not matter where blocks are cut. */
export interface Combination {
  /**
   * Whether a value that is not finite makes the merged value not finite: then only merged values
   * are checked. False by default.
   */
  readonly propagatesNonFinite?: boolean;
  /**
   * Merges one block. Sums are accumulated in float64 and rounded once, to `out`.
   * @param out receives the merged values; it is written in full and not read. It is float64 if the
   * values are rounded to 16 bits afterwards
   * @param columns one for each update, at least one, all as long as `out`, all finite; must not be
   * changed
   * @param examples each update's number of examples, > 0, in the order of the columns
   */
  readonly combine: (
    out: ValueColumn,
    columns: readonly ValueColumn[],
    examples: readonly number[],
    block: Block,
  ) => void;
}

/** A number for each two updates, the same in both orders: table[i][j]. */
export type PairTable = readonly Float64Array[];

/** The inner products of the updates in float64: gram[i][j] = ⟨xᵢ, xⱼ⟩. */
export type Gram = PairTable;

/** The squared distances between the updates in float64: squares[i][j] = ‖xᵢ − xⱼ‖². */
export type SquaredDistances = PairTable;

/** The inner products over all tensors together, and over each. */
export interface Grams {
  readonly all: Gram;
  readonly byTensor: ReadonlyMap<string, Gram>;
}

/** A pass over all values. */
export interface Survey {
  /**
   * Receives each block once: the blocks of one tensor in their order, always cut the same way;
   * tensors in any order.
   */
  readonly see: (columns: readonly ValueColumn[], block: Block) => void;
  /** Ends the pass: returns another pass, or how the values are combined. */
  readonly finish: () => Survey | Combination;
}

interface Described {
  /** The strategy's name in settings, reports and messages. */
  readonly name: string;
  /** What it is applied to; if left out, the merge decides. */
  readonly on?: AppliedTo;
  /** How many updates it takes, and the rule in words; any number from 1 by default. */
  readonly takes?: { readonly least: number; readonly most?: number; readonly rule: string };
  /** Whether the updates must come in the given order, since it matters. */
  readonly ordered?: boolean;
  /**
   * What must travel with every update besides its state: state dicts with the same tensors, by
   * name.
   */
  readonly auxiliaries?: readonly string[];
}

/**
 * A merge that reads one update after the other, so that thousands need the memory of their sums
 * only. It gives the bytes of `combine`, because it adds in the same order.
 */
export interface Summation {
  /** How many float64 sums each place takes. */
  readonly sums: number;
  /**
   * Adds the values of one update.
   * @param sums as long as the column; zeros before the first update
   * @param k the index of the update: 0, 1, …
   * @param block has one column for each auxiliary
   */
  readonly add: (sums: readonly Float64Array[], column: ValueColumn, k: number, block: Block) => void;
  /** Rounds once, to `out`. */
  readonly finish: (out: ValueColumn, sums: readonly Float64Array[]) => void;
}

/**
 * - `sum`: a sum over the updates is enough, after each participant has changed its own update by
 *   itself
 * - `columns`: reads the values of all updates in one place, each place by itself
 */
export interface PlacewiseStrategy extends Described, Combination {
  readonly needs: 'sum' | 'columns';
  /** How its sums are made update by update; without it, many updates are read in small pieces. */
  readonly summation?: (examples: readonly number[]) => Summation;
}

/** `gram`: the inner products of the updates decide how columns are combined. */
export interface GramStrategy extends Described {
  readonly needs: 'gram';
  /**
   * `median`: the inner products are those of the differences from the median, weighted by
   * examples; by default they are from 0.
   */
  readonly from?: 'median';
  readonly prepare: (grams: Grams, examples: readonly number[]) => Combination;
}

/**
 * `distances`: the distances between updates decide. They are not computed from inner products,
 * which would cancel.
 */
export interface DistanceStrategy extends Described {
  readonly needs: 'distances';
  readonly prepare: (squares: SquaredDistances, examples: readonly number[]) => Combination;
}

/** `all`: other facts about all values decide. */
export interface SurveyStrategy extends Described {
  readonly needs: 'all';
  /** The first pass, over this number of updates. */
  readonly survey: (updates: number) => Survey;
}

/**
 * `needs` says what a strategy must see, so that streaming and secure aggregation know what they
 * may do.
 */
export type Strategy = PlacewiseStrategy | GramStrategy | DistanceStrategy | SurveyStrategy;
