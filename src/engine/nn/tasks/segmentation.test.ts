/** The metrics of masks, against what scikit-learn gives for their pixels. */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import type { Dataset } from '../../../data/dataset.js';
import { addMetrics, figuresOfSums } from '../../../metrics/metrics.js';
import { evaluateState } from '../../../training/evaluate.js';
import * as g from '../../graph/build.js';
import { ortNode } from '../../runtime/node/ort-node.js';
import type { Session } from '../../runtime/runtime.js';
import { ones } from '../layers/initializers.js';
import type { Network } from '../layers/network.js';
import { sgd } from '../optimizers.js';
import { compilePlan } from '../plan.js';
import { segmentation } from './segmentation.js';

interface Recorded {
  readonly name: string;
  readonly shape: readonly [examples: number, classes: number, height: number, width: number];
  readonly outputs: number[];
  readonly targets: number[];
  readonly figures: Readonly<Record<string, number>>;
}
// By `test/fixtures/metrics/record_masks.py`.
const file = new URL('../../../../test/fixtures/metrics/masks.json', import.meta.url);
const { cases }: { cases: Recorded[] } = JSON.parse(readFileSync(file, 'utf8'));

/** Gives its input back, times a weight of 1. */
const asItIs: Network = (scope, x) => g.mul(x, scope.parameter('weight', [1], ones));

const opened: Session[] = [];
afterAll(() => Promise.all(opened.map((session) => session.release())));

async function measured({ name, shape, outputs, targets }: Recorded, counts = true) {
  const [examples, classes, height, width] = shape;
  const names = Array.from({ length: classes }, (_, label) => `class ${label}`);
  const dataset: Dataset = {
    ...{ name, examples },
    inputs: [
      {
        ...{ name: 'x', dtype: 'f32', shape: [classes, height, width], meaning: { kind: 'number' } },
        values: Float32Array.from(outputs, (value) => value / 64),
      },
    ],
    targets: [
      {
        ...{ name: 'mask', dtype: 'i32', shape: [height, width] },
        meaning: { kind: 'categories', names, ignored: 255 },
        values: Uint8Array.from(targets, (value) => (counts ? value : 255)),
      },
    ],
  };
  const task = segmentation({
    ...{ target: { name: 'mask', shape: [height, width] }, classes },
    metrics: ['pixel-accuracy', 'iou', 'dice'],
  });
  const plan = compilePlan({
    ...{ network: asItIs, inputs: dataset.inputs, task, optimizer: sgd(), batchSize: 1 },
    evaluationBatchSize: 4,
  });
  const session = await ortNode().open(plan.evaluationModel);
  opened.push(session);
  const state = Float32Array.of(1);
  // In two parts, as two owners have them.
  const all = Uint32Array.from({ length: examples }, (_, i) => i);
  const parts = [all.subarray(0, 2), all.subarray(2)];
  const metrics = await Promise.all(
    parts.map(async (indices) => (await evaluateState(session, plan, state, dataset, indices))!),
  );
  return { figures: figuresOfSums(addMetrics(metrics)), names: task.metrics.map((metric) => metric.name) };
}

describe('the metrics of masks are those of scikit-learn', () => {
  it.each(cases)('for $name', async (recorded) => {
    const { figures, names } = await measured(recorded);
    expect(names).toEqual(['pixel-accuracy', 'iou', 'dice']);
    const { loss, ...counts } = recorded.figures;
    for (const [name, expected] of Object.entries(counts))
      expect(figures[name], name).toBeCloseTo(expected, 9);
    expect(figures.loss).toBeCloseTo(loss!, 5);
  });

  it('and undefined where no pixel counts', async () => {
    const { figures } = await measured(cases[0]!, false);
    expect([figures.iou, figures.dice, figures['pixel-accuracy']]).toEqual([NaN, NaN, NaN]);
  });
});
