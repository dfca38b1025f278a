/**
 * What a merging strategy is: a rule that makes one state of the states that the updates are. What
 * it needs says what it gets: the values of all updates in one place, each place by itself; before
 * that, the inner products of the updates or the distances between them; or all values, in as many
 * passes as it asks for. `strategies.ts` has them all by name; each header names the paper.
 */

/**
 * What a strategy is applied to: the weights themselves, or what each update changed in the base.
 */
export type AppliedTo = 'weights' | 'updates';

/**
 * Values of one update, or merged ones: float32, or float64 where files hold that or differences to
 * a base are merged.
 */
export type Column = Float32Array | Float64Array;

/** Where the values of a block lie, and what came with the updates for them. */
export interface Block {
  readonly tensor: string;
  /** The index in the tensor of the block's first value. */
  readonly at: number;
  /**
   * Of every auxiliary that the strategy names, one column for each update, finite and in the order
   * of the columns.
   */
  readonly auxiliaries: Readonly<Record<string, readonly Column[]>>;
}

/** A rule that works on each place by itself, so that the cuts between blocks change nothing. */
export interface Combination {
  /**
   * That a value which is not finite makes the merged one not finite: then a look at that one
   * suffices. False by default.
   */
  readonly propagatesNonFinite?: boolean;
  /**
   * Merges one block. Sums are accumulated in float64 and rounded once, to `out`.
   * @param out receives the merged values; written in full, its old content is not read. Float64
   *   where the values are rounded further afterwards, to 16 bits
   * @param columns one for each update, never none, all as long as `out`, all finite. Not to be
   *   changed
   * @param examples each update's number of examples, > 0, in the order of the columns
   */
  readonly combine: (
    out: Column,
    columns: readonly Column[],
    examples: readonly number[],
    block: Block,
  ) => void;
}

/** A number for every two updates, the same in both orders: table[i][j]. */
export type PairTable = readonly Float64Array[];

/** The inner products of the updates in float64: gram[i][j] = ⟨xᵢ, xⱼ⟩. */
export type Gram = PairTable;

/** The squared distances between the updates in float64: squares[i][j] = ‖xᵢ − xⱼ‖². */
export type SquaredDistances = PairTable;

/** Of all tensors together, and of each. */
export interface Grams {
  readonly all: Gram;
  readonly byTensor: ReadonlyMap<string, Gram>;
}

/** A pass over all values. */
export interface Survey {
  /**
   * Is shown every block once: those of one tensor in their order, always cut alike, the tensors in
   * any order.
   */
  readonly see: (columns: readonly Column[], block: Block) => void;
  /** Ends the pass: with another one, or with what the values are combined by. */
  readonly finish: () => Survey | Combination;
}

interface Described {
  /** The strategy's name in settings, reports and messages. */
  readonly name: string;
  /** What it is applied to, whatever the merge says; left out, the merge says it. */
  readonly on?: AppliedTo;
  /** How many updates it takes, and the rule in words; any number from 1 by default. */
  readonly takes?: { readonly least: number; readonly most?: number; readonly rule: string };
  /** That the updates come in the order in which they were given, since it means something. */
  readonly ordered?: boolean;
  /**
   * What must travel with every update besides its state: state dicts of the same tensors, by name.
   */
  readonly auxiliaries?: readonly string[];
}

/**
 * - `sum`: sums over the updates suffice, once each participant has changed its own update by
 *   itself
 * - `columns`: the values of all updates in one place, each place by itself
 */
export interface PlacewiseStrategy extends Described, Combination {
  readonly needs: 'sum' | 'columns';
}

/** `gram`: the inner products of the updates decide how columns are combined. */
export interface GramStrategy extends Described {
  readonly needs: 'gram';
  /**
   * That the products are those of the updates' differences from their median, weighted by
   * examples; from 0 by default.
   */
  readonly from?: 'median';
  readonly prepare: (grams: Grams, examples: readonly number[]) => Combination;
}

/**
 * `distances`: how far the updates lie from each other decides it. Distances do not follow from
 * inner products, which cancel.
 */
export interface DistanceStrategy extends Described {
  readonly needs: 'distances';
  readonly prepare: (squares: SquaredDistances, examples: readonly number[]) => Combination;
}

/** `all`: other facts about all values decide it. */
export interface SurveyStrategy extends Described {
  readonly needs: 'all';
  /** The first pass, over this number of updates. */
  readonly survey: (updates: number) => Survey;
}

/**
 * What it must see, so that streaming and secure aggregation know what they may do, stands in
 * `needs`.
 */
export type Strategy = PlacewiseStrategy | GramStrategy | DistanceStrategy | SurveyStrategy;
