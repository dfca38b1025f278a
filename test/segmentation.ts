/** A task of one's own on pictures: the category of each pixel, where the mask says one. */
import * as g from '../src/engine/graph/build.js';
import type { Value } from '../src/engine/graph/value.js';
import type { Task } from '../src/engine/nn/tasks/task.js';

/** Per-pixel softmax cross-entropy, and the mean over the classes of intersection over union. */
export const segmentation = (classes: number, side: number): Task => {
  /** [N,H,W,classes] */
  const scores = (output: Value) => g.transpose(output, [0, 2, 3, 1]);
  /** A row of zeros where the pixel is ignored. */
  const truth = ([mask]: readonly Value[]) => g.oneHot(mask as Value, classes);
  return {
    name: 'segmentation',
    targets: [{ name: 'mask', dtype: 'i32', shape: [side, side] }],
    output: [classes, side, side],
    unit: 'pixel',
    losses: (output, targets) =>
      g.neg(g.reduceSum(g.mul(g.logSoftmax(scores(output), 3), truth(targets)), [1, 2, 3])),
    units: (targets) => g.reduceSum(truth(targets), [1, 2, 3]),
    metrics: [
      {
        ...{ name: 'iou', label: 'IoU', better: 'higher', format: 'percent' },
        sums(output, targets, weights) {
          const counted = g.mul(truth(targets), g.reshape(weights, [weights.shape[0] as number, 1, 1, 1]));
          const predicted = g.mul(
            g.oneHot(g.argMax(scores(output), 3), classes),
            g.reduceSum(counted, [3], true),
          );
          const over = (x: Value) => g.reduceSum(x, [0, 1, 2]);
          return {
            intersection: over(g.mul(predicted, counted)),
            either: over(g.add(predicted, counted)),
          };
        },
        figure: ({ intersection, either }) =>
          g.reduceMean(g.div(intersection as Value, g.sub(either as Value, intersection as Value))),
      },
    ],
  };
};
