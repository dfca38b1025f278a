// A federation in a dozen lines: npx tsx examples/quick-start.ts
import { runFederation } from 'commonweight/node';

/**
 * Two owners train an MLP on their own halves of the data set; the mean of their weights is copied
 * back, three times.
 */
export async function quickStart(dataset = 'fashion-mnist') {
  const { result, model } = await runFederation({
    dataset,
    partition: { name: 'v', participants: 2 },
    model: { name: 'mlp' },
    optimizer: { name: 'adam', learningRate: 0.001 },
    local: { epochs: 1 },
    rounds: 3,
  });
  for (const { round, merged } of result.rounds) {
    console.log(
      `round ${round}: merged model ${(100 * (merged.mean?.test.accuracy ?? 0)).toFixed(2)}% on the test images`,
    );
  }
  return { result, model };
}

if (process.argv[1]?.endsWith('quick-start.ts')) await quickStart(process.argv[2]);
