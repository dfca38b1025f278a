/**
 * FedBABU (Oh, Kim and Yun 2022, https://arxiv.org/abs/2106.06042): local training leaves the last
 * layer as it was at the start and trains only the layers before it. If participants have different
 * classes, their last layers diverge first, since each unlearns the classes that it lacks. The last
 * layer is fitted at the end; here the refit from sums does that.
 */
import * as g from '../../graph/build.js';
import type { StateCorrection } from './correction.js';

export const fedBabu = (): StateCorrection => ({
  changes: 'state',
  reads: ['strength'],
  state(next, state, { weight, bias }, { strength }) {
    const kept = [weight, bias].toSorted((a, b) => a.offset - b.offset);
    const starts = [0, ...kept.map(({ offset, size }) => offset + size)];
    const pieces = starts.flatMap((start, at) => {
      const entry = kept[at];
      const trained = g.slice(next, [start], [entry?.offset ?? (next.shape[0] as number)]);
      if (entry === undefined) return [trained];
      const [from, to] = [[entry.offset], [entry.offset + entry.size]] as const;
      const before = g.mul(g.slice(state, from, to), strength);
      return [trained, g.add(before, g.mul(g.slice(next, from, to), g.sub(1, strength)))];
    });
    return g.concat(
      pieces.filter(({ shape }) => shape[0] !== 0),
      0,
    );
  },
});
