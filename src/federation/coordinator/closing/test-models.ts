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
  load(): Promise<StateDict>;
  /** Called when it has been evaluated. */
  discard?(): Promise<void>;
}

/**
 * Bytes of the models that are evaluated at once. Two models of any size are: while one is
 * computed, the next is loaded.
 */
const TOGETHER_BYTES = 16 * 2 ** 20;

/** The metrics by name, in the order of the models. */
export async function modelsTested(
  models: readonly TestedModel[],
  { layout, testExamples }: { readonly layout: StateLayout; readonly testExamples: number },
): Promise<Record<string, Metrics>> {
  const metrics = new Map<string, Metrics>();
  const waiting = [...models];
  const testOneByOne = async () => {
    for (let model = waiting.shift(); model !== undefined; model = waiting.shift()) {
      const { data } = await model.load();
      const each = await Promise.all(
        model.by.map((tasks) => evaluateInParts(tasks, data, 'test', testExamples)),
      );
      metrics.set(model.name, together(each));
      await model.discard?.();
    }
  };
  const atOnce = Math.max(2, Math.floor(TOGETHER_BYTES / 4 / Math.max(1, layoutSize(layout))));
  await Promise.all(Array.from({ length: Math.min(atOnce, models.length) }, testOneByOne));
  return Object.fromEntries(models.map(({ name }) => [name, metrics.get(name) as Metrics]));
}

/** Answers to one example by several models are none. */
const together = (each: readonly Metrics[]): Metrics =>
  each.length === 1 ? (each[0] as Metrics) : addMetrics(each.map(({ answers: _, ...sums }) => sums));

export const figuresByName = (metrics: Readonly<Record<string, Metrics>>): Record<string, Figures> =>
  Object.fromEntries(Object.entries(metrics).map(([name, one]) => [name, figuresOf(one)]));
