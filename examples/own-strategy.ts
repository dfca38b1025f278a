// A merging strategy of one's own, compared with others on the same updates: npx tsx
// examples/own-strategy.ts
import type { Strategy } from 'commonweight';
import { runFederation } from 'commonweight/node';

/**
 * The middle between the smallest and the largest value that the participants have in each place.
 */
const midrange: Strategy = {
  name: 'midrange',
  needs: 'columns',
  combine(out, columns) {
    for (let i = 0; i < out.length; i++) {
      let [low, high] = [Infinity, -Infinity];
      for (const column of columns) {
        const value = column[i] as number;
        if (value < low) low = value;
        if (value > high) high = value;
      }
      out[i] = (low + high) / 2;
    }
  },
};

export async function ownStrategy(dataset = 'fashion-mnist') {
  const { result } = await runFederation(
    {
      dataset,
      partition: { name: 'v', participants: 3 },
      model: { name: 'mlp' },
      optimizer: { name: 'sgd', learningRate: 0.05, momentum: 0.9 },
      local: { epochs: 1 },
      rounds: 2,
      strategy: 'midrange',
      compare: ['mean', 'max'],
    },
    { extensions: { strategies: [midrange] } },
  );
  console.table(result.rounds.map(({ merged }) => merged));
  return result;
}

if (process.argv[1]?.endsWith('own-strategy.ts')) await ownStrategy(process.argv[2]);
