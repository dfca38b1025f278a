/**
 * An average of the models of the rounds: w̄ ← w̄ + a·(w − w̄), where a is the weight of the newest
 * model. It is a model of its own, often better than each model in it, and changes no round.
 */
import { requireArray } from '../../tensor/arrays.js';

export interface ModelAverage {
  /** The name in results, with its settings: "ema(decay=0.9)". */
  readonly name: string;
  /** The first round whose model counts. */
  readonly from: number;
  /** The weight a of the newest model, given the number of models with it; 1 for the first. */
  readonly share: (count: number) => number;
}

/**
 * The exponential moving average: w̄ ← d·w̄ + (1−d)·w. It begins with the first round's model, so
 * no bias correction is needed.
 * @see Tarvainen and Valpola 2017, https://arxiv.org/abs/1703.01780
 */
export function ema({ decay = 0.9 } = {}): ModelAverage {
  return { name: `ema(decay=${decay})`, from: 1, share: (count) => (count === 1 ? 1 : 1 - decay) };
}

/**
 * Stochastic weight averaging: the mean of the models from a given round on.
 * @see Izmailov et al. 2018, https://arxiv.org/abs/1803.05407
 */
export function swa({ from }: { readonly from: number }): ModelAverage {
  return { name: `swa(from=${from})`, from, share: (count) => 1 / count };
}

type AverageSettings =
  | { readonly name: 'ema'; readonly decay: number }
  | { readonly name: 'swa'; readonly from: number };

/** Builds the average from its settings. */
export function averageOf(settings: AverageSettings): ModelAverage {
  return settings.name === 'ema' ? ema(settings) : swa(settings);
}

/**
 * Adds one more model to the average, in float64, rounded once. The average of equal models is that
 * model.
 * @param before undefined for the first model
 * @param count of models, the new one included
 */
export function averageStep(
  average: ModelAverage,
  before: Float32Array | undefined,
  model: Float32Array,
  count: number,
): Float32Array {
  requireArray('merge: the model to average', model, 'Float32Array');
  if (before === undefined) return model.slice();
  requireArray('merge: the average so far', before, 'Float32Array', model.length);
  const share = average.share(count);
  return model.map((w, i) => {
    const mean = before[i] as number;
    return mean + share * (w - mean);
  });
}
