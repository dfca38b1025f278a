// A method of one's own, whose attachment travels with every update, and a strategy that reads it:
// npx tsx examples/own-method.ts
import type { Method, Strategy } from 'commonweight';
import { runFederation } from 'commonweight/node';

/** How far each weight moved in the round. */
export const movement: Method = {
  name: 'movement',
  title: 'movement',
  leaves: 'how far each weight moved in the round',
  // The coordinator refuses other values, so that no participant drowns the others.
  bound: { least: 0, most: 100 },
  async compute({ layout, base, state }) {
    return { attachment: { layout, data: state.map((weight, i) => Math.abs(weight - (base[i] as number))) } };
  },
};

/** In each place the mean of the weights, weighted by how far each participant moved its own. */
export const movementMean: Strategy = {
  name: 'movement-mean',
  needs: 'sum',
  auxiliaries: [movement.name],
  combine(out, columns, _, { auxiliaries: { movement: moved = [] } }) {
    for (let i = 0; i < out.length; i++) {
      let [sum, total] = [0, 0];
      columns.forEach((column, k) => {
        // A weight that nobody moved has the plain mean.
        const weight = (moved[k]?.[i] ?? 0) + 1e-12;
        sum += weight * (column[i] as number);
        total += weight;
      });
      out[i] = sum / total;
    }
  },
};

export async function ownMethod(dataset = 'fashion-mnist') {
  const { result } = await runFederation(
    {
      dataset,
      partition: { name: 'v', participants: 3 },
      model: { name: 'mlp' },
      optimizer: { name: 'sgd', learningRate: 0.05, momentum: 0.9 },
      local: { epochs: 1 },
      rounds: 2,
      strategy: 'movement-mean',
      compare: ['mean'],
    },
    // Across machines the same record goes to serveFederation and to joinFederation.
    { extensions: { methods: [movement], strategies: [movementMean] } },
  );
  console.table(result.rounds.map(({ merged }) => merged));
  return result;
}

if (process.argv[1]?.endsWith('own-method.ts')) await ownMethod(process.argv[2]);
