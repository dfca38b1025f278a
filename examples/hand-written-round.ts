// Federated averaging as a plain loop, by the library's pieces and without its coordinator: npx tsx
// examples/hand-written-round.ts
import {
  accuracy,
  adam,
  allIndices,
  carryOf,
  classification,
  compilePlan,
  evaluateState,
  type ImageDataset,
  initialState,
  type LocalWork,
  mean,
  merge,
  mlp,
  onPixels,
  parametersOf,
  partition,
  partitionByName,
  trainLocally,
  type Update,
} from 'commonweight';
import { loadDataset, ortNode } from 'commonweight/node';

const settings = { seed: 0, participants: 3, rounds: 3, epochs: 1, batchSize: 64, learningRate: 0.001 };

export async function handWrittenRounds(spec = 'fashion-mnist') {
  const { seed, participants, rounds, epochs, batchSize, learningRate } = settings;

  // The data set, dealt out: nobody below sees more of it than its own share.
  const { train, test } = await loadDataset(spec);
  const shares = partition(train, partitionByName('v'), { participants, seed });

  // Network, task and optimizer, compiled to two ONNX graphs: one step of training, and evaluation.
  const classes = train.classNames.length;
  const network = onPixels(mlp({ classes, hidden: [256, 128], dropout: 0 }));
  const { inputs } = train;
  const plan = compilePlan({
    network,
    inputs,
    batchSize,
    task: classification({ classes }),
    optimizer: adam(),
  });
  const runtime = ortNode();
  const training = await runtime.open(plan.trainingModel, { carry: carryOf(plan) });
  const evaluation = await runtime.open(plan.evaluationModel);

  const strategy = mean();
  let model = initialState(parametersOf(network, inputs), seed, 'initial weights');
  for (let round = 1; round <= rounds; round++) {
    // Everybody trains from the same model on data of its own; what comes back is weights.
    const updates: Update[] = [];
    for (const { name, train: own, validation } of shares) {
      const work: LocalWork = {
        participant: name,
        round,
        seed,
        epochs,
        learningRates: Float32Array.of(learningRate),
      };
      const data = { dataset: train, train: own, validation };
      const trained = await trainLocally({ plan, training, evaluation }, data, model.data, work);
      if (trained === undefined) throw new Error('nobody has stopped it');
      const state = { layout: plan.layout, data: trained.state };
      updates.push({ name, examples: own.length, state });
    }

    // Here is the place for whatever a paper does otherwise: a server's step, noise, a check of the
    // updates.
    model = merge(strategy, updates, { on: 'weights' });

    // The merged model is where everybody begins next: how good is it with each, and on images that
    // nobody has trained on?
    const score = async (dataset: ImageDataset, indices: Uint32Array) => {
      const metrics = await evaluateState(evaluation, plan, model.data, dataset, indices);
      return metrics === undefined ? '' : `${(100 * accuracy(metrics)).toFixed(2)}%`;
    };
    console.log(`round ${round}: ${await score(test, allIndices(test))} on the test images`);
    for (const { name, validation } of shares)
      console.log(`  with ${name}: ${await score(train, validation)}`);
  }
  await training.release();
  await evaluation.release();
  return model;
}

if (process.argv[1]?.endsWith('hand-written-round.ts')) await handWrittenRounds(process.argv[2]);
