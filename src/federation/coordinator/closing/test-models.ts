/**
 * Evaluates models on the test examples: many at once, but no more than fit into a fixed amount of
 * memory.
 */
import { figuresOf } from '../../../metrics/classification.js';
import type { Figures } from '../../../metrics/metric.js';
import { addMetrics, type Metrics } from '../../../metrics/metrics.js';
import { layoutSize, type StateDict, type StateLayout } from '../../../tensor/state-dict.js';
import { evaluateInParts } from '../../../training/evaluate-parts.js';
import type { TaskRunner } from '../../../training/tasks.js';

export interface TestedModel {
  readonly name: string;
  /**
   * Who carries out its evaluation. Where participants have tensors of their own, each does with
   * these beside it, and the figures are of all together.
   */
  readonly by: readonly TaskRunner[];
  /** Whether the sums of each test example by itself are wanted. */
  readonly each?: boolean | undefined;
  load(): Promise<StateDict>;
  /** Called when it has been evaluated. */
  discard?(): Promise<void>;
}

/**
 * Bytes of the models that are evaluated at once. Two models of any size are: while one is
 * computed, the next is loaded.
 */
const TOGETHER_BYTES = 16 * 2 ** 20;
/** However small models are: more keep no more threads busy, and each is an open file. */
const MOST_TOGETHER = 64;

/**
 * The most bytes of confusions of all models that are kept for the details of the round, and the
 * most bytes of answers. If there are more, they are left out.
 */
const MOST_KEPT_BYTES = 64 * 2 ** 20;

/** By the name of the model, in the order of the models. */
export interface Tested {
  readonly figures: Readonly<Record<string, Figures>>;
  readonly metrics: Readonly<Record<string, Metrics>>;
}

export interface TestedModels {
  /** The participants' own. */
  readonly own: Tested;
  /** The copied model comes first. */
  readonly merged: Tested;
}

export async function modelsTested(
  models: readonly TestedModel[],
  { layout, testExamples }: { readonly layout: StateLayout; readonly testExamples: number },
): Promise<Tested> {
  const tested = new Map<string, { readonly figures: Figures; readonly metrics: Metrics }>();
  const waiting = models.values();
  const testOneByOne = async () => {
    for (const model of waiting) {
      const { data } = await model.load();
      const each = await Promise.all(
        model.by.map((tasks) => evaluateInParts(tasks, data, 'test', testExamples, model.each)),
      );
      const metrics = together(each);
      const kept = keptOf(metrics, models.length);
      tested.set(model.name, {
        figures: figuresOf(metrics),
        metrics: model.each ? { ...metrics, ...kept, rules: metrics.rules, sums: metrics.sums } : kept,
      });
      await model.discard?.();
    }
  };
  const fitting = Math.floor(TOGETHER_BYTES / 4 / Math.max(1, layoutSize(layout)));
  const atOnce = Math.min(MOST_TOGETHER, Math.max(2, fitting));
  await Promise.all(Array.from({ length: Math.min(atOnce, models.length) }, testOneByOne));
  const by = <Kind extends keyof Tested>(kind: Kind) =>
    Object.fromEntries(models.map(({ name }) => [name, tested.get(name)?.[kind]])) as Tested[Kind];
  return { figures: by('figures'), metrics: by('metrics') };
}

/** The part that the details of a round need. @param models the number of models tested */
function keptOf({ answers, sums, each: _, ...metrics }: Metrics, models: number): Metrics {
  const fits = (bytes: number) => bytes * models <= MOST_KEPT_BYTES;
  const bytes = Object.values(sums).reduce((total, { byteLength }) => total + byteLength, 0);
  const keepsAnswers = answers !== undefined && fits(answers.labels.length + answers.predictions.length);
  return { ...metrics, rules: [], sums: fits(bytes) ? sums : {}, ...(keepsAnswers && { answers }) };
}

/** Answers to one example by several models are none. */
const together = (each: readonly Metrics[]): Metrics =>
  each.length === 1
    ? (each[0] as Metrics)
    : addMetrics(each.map(({ answers: _, each: __, ...sums }) => sums));
