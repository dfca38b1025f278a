import { afterAll, describe, expect, it } from 'vitest';
import { some } from '../../test/every-case.js';
import { labelledNoise } from '../../test/noise.js';
import { randomStream } from '../base/random.js';
import * as g from '../engine/graph/build.js';
import { evaluate } from '../engine/graph/evaluate.js';
import { compileFisherPlan, fisherStep } from '../engine/nn/fisher-plan.js';
import { initialState, type Network, parametersOf } from '../engine/nn/layers/network.js';
import { mlp } from '../engine/nn/models/mlp.js';
import { onPixels, pixels } from '../engine/nn/models/normalize-pixels.js';
import { paperCnn } from '../engine/nn/models/paper-cnn.js';
import { resnet8 } from '../engine/nn/models/resnet8.js';
import { lower } from '../engine/onnx/lower/lower.js';
import { ortNode } from '../engine/runtime/node/ort-node.js';
import type { Session } from '../engine/runtime/runtime.js';
import { specOf } from '../tensor/column-spec.js';
import { meanOverExamples } from './mean-over-examples.js';

const [examples, side, classes] = [40, 8, 3];
const dataset = labelledNoise(examples, side);
const inputs = [pixels([1, side, side])];
const columns = { inputs, targets: [] };
const options = (network: Network) => ({
  network: onPixels(network, { mean: [0.5], deviation: [0.25] }),
  inputs,
});

const opened: Session[] = [];
afterAll(() => Promise.all(opened.map((session) => session.release())));
async function openPlan(network: Network) {
  const plan = compileFisherPlan(options(network));
  const session = await ortNode().open(plan.model);
  opened.push(session);
  return { plan, session, state: initialState(parametersOf(options(network).network, inputs), 3).data };
}

describe('the Fisher information of a participant', () => {
  const networks: readonly (readonly [string, Network, number])[] = [
    // A batch and a ragged one; of the others one image, for the evaluator is slow.
    ['mlp', mlp({ classes, hidden: [6, 5], dropout: 0.5 }), 32],
    ['resnet8', resnet8({ classes }), 1],
    ['paper-cnn', paperCnn({ classes }), 1],
  ];
  it.each(some(networks))(
    'of %s is that of the float64 evaluator, as a mean over exactly these examples',
    async (_, network, count) => {
      const { plan, session, state } = await openPlan(network);
      const { batchSize } = plan;
      const indices = Uint32Array.from({ length: count }, (_, i) => examples - 1 - i);
      const actual = (await meanOverExamples(
        session,
        plan,
        columns,
        state,
        dataset,
        indices,
        randomStream('signs'),
      ))!;
      const { graph } = fisherStep(options(network), 1);
      const drawn = randomStream('signs');
      const expected = new Float64Array(state.length);
      for (let start = 0; start < indices.length; start += batchSize) {
        const signs = Array.from({ length: batchSize * classes }, () => 2 * drawn.integer(2) - 1);
        indices.subarray(start, start + batchSize).forEach((index, place) => {
          const { sum } = evaluate(graph, {
            state,
            images: dataset.images.subarray(index * side * side, (index + 1) * side * side),
            signs: signs.slice(place * classes, (place + 1) * classes),
            weights: [1],
          });
          sum!.forEach((value, i) => {
            expected[i]! += value / indices.length;
          });
        });
      }
      const largest = Math.max(...expected);
      actual.forEach((value, i) => {
        expect(value).toBeGreaterThanOrEqual(0);
        expect(Math.abs(value - expected[i]!) / largest).toBeLessThan(1e-5);
      });
    },
  );

  it('of any graph is over exactly these examples, whose targets it may read', async () => {
    const [P, B] = [3, 4];
    const labels = g.cast(g.input('labels', [B], 'i32'), 'f32');
    const counted = g.reduceSum(g.mul(labels, g.input('weights', [B])));
    const model = lower({ outputs: { sum: g.mul(g.input('state', [P]), counted) } });
    const session = await ortNode().open(model);
    opened.push(session);
    const indices = Uint32Array.of(0, 3, 4, 7, 9, 12);
    const all = { inputs, targets: dataset.targets.map(specOf) };
    const plan = { signs: 0, batchSize: B, model };
    const mean = await meanOverExamples(
      ...[session, plan, all, Float32Array.of(1, 2, -3), dataset, indices, randomStream('no signs')],
    );
    const label = indices.reduce((sum, i) => sum + dataset.labels[i]!, 0) / indices.length;
    expect([...mean!]).toEqual([label, 2 * label, -3 * label].map(Math.fround));
  });

  it('is given up when it is told to stop', async () => {
    const { plan, session, state } = await openPlan(mlp({ classes, hidden: [2] }));
    const indices = Uint32Array.of(1, 2);
    const signs = randomStream('signs');
    expect(
      await meanOverExamples(session, plan, columns, state, dataset, indices, signs, () => false),
    ).toBeUndefined();
  });
});
