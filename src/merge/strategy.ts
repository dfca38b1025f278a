/**
 * What a merging strategy is: a rule that makes one value of the values that the updates have in the same place. A builder
 * function such as `mean()` returns one; its header names the paper.
 */

/**
 * What a strategy must see, so that streaming and secure aggregation know what they may do.
 * - `sum`: sums over the updates suffice, once each update is scaled by numbers of its own
 * - `columns`: the values of all updates in one place, each place by itself
 */
export type StrategyNeeds = 'sum' | 'columns';

/** Values of one update, or merged ones: float32, or float64 where files hold that or differences to a base are merged. */
export type Column = Float32Array | Float64Array;

export interface Strategy {
  /** The strategy's name in settings, reports and messages. */
  readonly name: string;
  readonly needs: StrategyNeeds;
  /** That a value which is not finite makes the merged one not finite: then a look at that one suffices. False by default. */
  readonly propagatesNonFinite?: boolean;
  /**
   * Merges one chunk, each place by itself, so that the cuts between chunks change nothing. Sums are accumulated in float64
   * and rounded once, to `out`.
   * @param out receives the merged values; written in full, its old content is not read
   * @param columns one for each update, never none, all as long as `out` and of its kind, all finite. Not to be changed
   * @param examples each update's number of examples, > 0, in the order of the columns
   */
  readonly combine: (out: Column, columns: readonly Column[], examples: readonly number[]) => void;
}
