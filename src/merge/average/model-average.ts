/**
 * An average of the models of the rounds, kept beside them: w̄ ← w̄ + a·(w − w̄), where a is the
 * newest model's share. It changes no round; it is a model of its own, often a better one than any
 * that it is made of.
 */
import { requireArray } from '../../tensor/arrays.js';

export interface ModelAverage {
  /** With its settings, as results call it: "ema(decay=0.9)". */
  readonly name: string;
  /** The first round whose model counts. */
  readonly from: number;
  /** The newest model's share a, of so many models, itself included; 1 of one. */
  readonly share: (count: number) => number;
}

/**
 * The exponential moving average: w̄ ← d·w̄ + (1−d)·w, beginning with the first round's model, so
 * that no correction of a bias is needed.
 * @see Tarvainen and Valpola 2017, https://arxiv.org/abs/1703.01780
 */
export function ema({ decay = 0.9 } = {}): ModelAverage {
  return { name: `ema(decay=${decay})`, from: 1, share: (count) => (count === 1 ? 1 : 1 - decay) };
}

/**
 * Stochastic weight averaging: the mean of the models from a round on.
 * @see Izmailov et al. 2018, https://arxiv.org/abs/1803.05407
 */
export function swa({ from }: { readonly from: number }): ModelAverage {
  return { name: `swa(from=${from})`, from, share: (count) => 1 / count };
}

type AverageSettings =
  | { readonly name: 'ema'; readonly decay: number }
  | { readonly name: 'swa'; readonly from: number };

/** The average that settings name. */
export function averageOf(settings: AverageSettings): ModelAverage {
  return settings.name === 'ema' ? ema(settings) : swa(settings);
}

/**
 * The average with one more model in it, in float64, rounded once. Equal models stay what they are.
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
