/**
 * A method with a graph of its own, made of what the package exports: how steep the loss is at the
 * trained weights. The strategy goes a step down from the mean.
 */
import { graph as g, gradients, lower, type Method, networkOnBatch, type Strategy } from '../src/index.js';

const STEP = 0.1;
const BATCH = 8;

export const slope: Method = {
  name: 'slope',
  title: 'slope',
  leaves: 'the mean gradient of the loss at the trained weights',
  bound: { least: -100, most: 100 },
  plan({ task, ...learner }) {
    const { tensors, output, weights } = networkOnBatch(learner, BATCH);
    const targets = task.targets.map(({ name, shape, dtype }) => g.input(name, [BATCH, ...shape], dtype));
    const loss = g.reduceSum(g.mul(task.losses(output, targets), weights));
    return {
      signs: 0,
      batchSize: BATCH,
      model: lower({ outputs: { sum: g.concat(gradients(loss, tensors), 0) } }),
    };
  },
  async compute({ layout, state, train, tasks, signal }) {
    const task = { type: 'mean', of: 'slope', state, indices: train, signs: ['slope'] } as const;
    const data = await tasks.mean?.(task, signal);
    return data === undefined ? {} : { attachment: { layout, data } };
  },
};

export const downhill: Strategy = {
  name: 'downhill',
  needs: 'sum',
  auxiliaries: [slope.name],
  combine(out, columns, examples, { auxiliaries: { slope: slopes = [] } }) {
    const total = examples.reduce((a, b) => a + b, 0);
    for (let i = 0; i < out.length; i++) {
      out[i] = columns.reduce((sum, column, k) => {
        const moved = (column[i] as number) - STEP * (slopes[k]?.[i] ?? 0);
        return sum + ((examples[k] as number) / total) * moved;
      }, 0);
    }
  },
};
