// A task of one's own, Poisson regression, on arrays: how often something happens. npx tsx
// examples/own-task.ts
import {
  adam,
  allIndices,
  arrayDataset,
  compilePlan,
  type Dataset,
  evaluateState,
  figuresOf,
  graph as g,
  mlp,
  randomStream,
  type Task,
  type Value,
} from 'commonweight';
import { ortNode, runFederation } from 'commonweight/node';

/**
 * The network says the logarithm of a rate, z; a count y has the loss e^z − y·z, the negative
 * log-likelihood without what does not depend on z. The figure is the mean deviance,
 * 2·Σ(y·ln(y/e^z) − (y − e^z))/n: 0 where every rate is the count itself.
 */
export const poisson: Task = {
  name: 'poisson',
  targets: [{ name: 'count', dtype: 'f32', shape: [] }],
  output: [1],
  unit: 'example',
  losses: (output, [count]) => lossesOf(g.reshape(output, [output.shape[0] ?? 1]), count as Value),
  metrics: [
    {
      name: 'deviance',
      better: 'lower',
      format: 'number',
      sums(output, [count], weights) {
        const [z, y] = [g.reshape(output, [output.shape[0] ?? 1]), count as Value];
        // y·ln y is 0 for a count of 0, where the logarithm is of 1.
        const best = g.sub(g.mul(y, g.log(g.maximum(y, 1))), y);
        return { deviance: g.mul(g.reduceSum(g.mul(g.add(best, lossesOf(z, y)), weights)), 2) };
      },
      figure: ({ deviance, counted }) => g.div(deviance as Value, counted as Value),
    },
  ],
  outputs: (output) => ({ rate: g.exp(output) }),
};

const lossesOf = (z: Value, y: Value) => g.sub(g.exp(z), g.mul(y, z));

/** Calls at an office: more in the morning, and fewer on holidays. */
function calls(examples: number, seed: number): Dataset {
  const stream = randomStream(seed, 'calls');
  const features = new Float32Array(2 * examples);
  const counts = new Float32Array(examples);
  for (let i = 0; i < examples; i++) {
    const [morning, holiday] = [stream.uniform(), stream.integer(2)];
    features.set([morning, holiday], 2 * i);
    const rate = Math.exp(1.5 * morning - holiday + 0.5);
    // Knuth's way of drawing: how many uniform numbers can be multiplied until they are less than
    // e^-rate.
    for (let product = stream.uniform(); product > Math.exp(-rate); product *= stream.uniform()) {
      counts[i] = (counts[i] as number) + 1;
    }
  }
  return arrayDataset({
    name: 'calls',
    inputs: [{ name: 'features', values: features, shape: [2] }],
    targets: [{ name: 'count', values: counts }],
  });
}

export async function ownTask() {
  const [train, test] = [calls(900, 1), calls(300, 2)];
  const network = mlp({ classes: 1, hidden: [8] });
  const { model } = await runFederation(
    {
      partition: { name: 'dirichlet', participants: 3, alpha: 1 },
      model: { name: 'custom' },
      optimizer: { name: 'adam', learningRate: 0.02 },
      batchSize: 32,
      local: { epochs: 2 },
      rounds: 4,
    },
    { data: { train, test }, extensions: { network, task: poisson } },
  );

  // The merged model on calls that nobody has seen.
  const plan = compilePlan({ network, inputs: test.inputs, task: poisson, optimizer: adam(), batchSize: 32 });
  const session = await ortNode().open(plan.evaluationModel);
  const metrics = await evaluateState(session, plan, model?.data as Float32Array, test, allIndices(test));
  await session.release();
  const { deviance } = metrics === undefined ? {} : figuresOf(metrics);
  console.log(`the deviance of the merged model is ${deviance?.toFixed(3)}`);
  return deviance;
}

if (process.argv[1]?.endsWith('own-task.ts')) await ownTask();
