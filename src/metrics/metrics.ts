/**
 * The results of a model on a set of examples as sums, so that parts can be added in any split, and
 * the rules that turn sums into figures. Sums are float32 within a batch, and float64 across
 * batches and participants.
 */
import { evaluate } from '../engine/graph/evaluate.js';
import type { Value } from '../engine/graph/value.js';
import { requireArray } from '../tensor/arrays.js';
import { type ExampleSums, joinedArrays, joinedExampleSums } from './example-sums.js';
import { knownFigure } from './known-figures.js';

export interface Metrics {
  readonly examples: number;
  /** What the loss is averaged over: examples, or those of their units that count. */
  readonly counted: number;
  /** Σ loss over the counted units. */
  readonly lossSum: number;
  /** The sums of the task's metrics, by name; row-major. */
  readonly sums: Readonly<Record<string, Float64Array>>;
  readonly rules: readonly FigureRule[];
  /** The predictions example by example, if the evaluation kept them. */
  readonly answers?: Answers;
  /** The sums example by example, if they were asked for. */
  readonly each?: ExampleSums;
}

/**
 * How to compute a figure from the sums. It is plain data, so that it can be passed between
 * threads.
 */
export interface FigureRule {
  readonly name: string;
  /**
   * [], computed from inputs with the names of the sums, and `counted`. Left out for a figure of
   * `known-figures.ts`, which has that name.
   */
  readonly figure?: Value;
}

/** [examples], in the order of evaluation. */
export interface Answers {
  readonly labels: Uint8Array;
  readonly predictions: Uint8Array;
}

export const accuracy = ({ sums, examples }: Pick<Metrics, 'sums' | 'examples'>) =>
  examples === 0 ? 0 : (sums.correct?.[0] ?? 0) / examples;

export const meanLoss = ({ lossSum, counted }: Pick<Metrics, 'lossSum' | 'counted'>) =>
  counted === 0 ? 0 : lossSum / counted;

/**
 * The figures of these sums, in float64: the task's own, and the loss. They are not finite if
 * nothing was counted.
 */
export function figuresOfSums(metrics: Metrics): Record<string, number> {
  const inputs = { ...metrics.sums, counted: [metrics.counted] };
  const figures = metrics.rules.map(({ name, figure }) => {
    if (figure === undefined) return [name, knownFigure(name, metrics.sums, metrics.counted)] as const;
    return [name, evaluate({ outputs: { figure } }, inputs).figure?.[0] ?? Number.NaN] as const;
  });
  return { ...Object.fromEntries(figures), loss: meanLoss(metrics) };
}

/**
 * The metrics of the union of disjoint sets, added in the given order. Predictions are kept if
 * every part has them.
 */
export function addMetrics(parts: readonly Metrics[]): Metrics {
  const [first] = parts;
  const sums = Object.fromEntries(
    Object.entries(first?.sums ?? {}).map(([name, { length }]) => [name, new Float64Array(length)] as const),
  );
  let [examples, counted, lossSum] = [0, 0, 0];
  for (const part of parts) {
    examples += part.examples;
    counted += part.counted;
    lossSum += part.lossSum;
    for (const [name, total] of Object.entries(sums)) {
      const values = part.sums[name];
      requireArray(`evaluation: "${name}" of a part`, values, 'Float64Array', total.length);
      for (let i = 0; i < total.length; i++) total[i] = (total[i] as number) + (values?.[i] as number);
    }
  }
  const answers = parts.flatMap((part) => part.answers ?? []);
  const each = parts.flatMap((part) => (part.each === undefined ? [] : [part.each]));
  return {
    ...{ examples, counted, lossSum, sums, rules: first?.rules ?? [] },
    ...(answers.length > 0 && answers.length === parts.length && { answers: joined(answers) }),
    ...(each.length > 0 && each.length === parts.length && { each: joinedExampleSums(each) }),
  };
}

function joined(answers: readonly Answers[]): Answers {
  const of = (key: keyof Answers) =>
    joinedArrays(
      answers.map((part) => part[key]),
      (length) => new Uint8Array(length),
    );
  return { labels: of('labels'), predictions: of('predictions') };
}
