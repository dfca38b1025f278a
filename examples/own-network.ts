// A network of one's own on arrays of one's own: npx tsx examples/own-network.ts
import { graph, imageDataset, layers, type Network, randomStream } from 'commonweight';
import { runFederation } from 'commonweight/node';

/**
 * A small convolutional network: a function from images [N,C,H,W] to logits. Layers find their
 * shapes themselves.
 */
export const stripeNet: Network = (scope, images) => {
  const x = graph.gelu(layers.conv2d(scope.in('conv'), images, { filters: 8, kernel: 3, padding: 1 }));
  return layers.dense(scope.in('fc'), graph.flatten(graph.globalMaxPool(x)), 2);
};

/** Noisy 12×12 images of horizontal (class 0) or vertical (class 1) stripes. */
export function stripes(name: string, examples: number) {
  const random = randomStream(1, name);
  const labels = Uint8Array.from({ length: examples }, () => random.integer(2));
  const images = Uint8Array.from({ length: examples * 144 }, (_, at) => {
    const [row, column] = [Math.floor((at % 144) / 12), at % 12];
    const bright = (labels[Math.floor(at / 144)] === 0 ? row : column) % 2 === 0;
    return (bright ? 140 : 60) + random.integer(60);
  });
  return imageDataset({ name, images, labels, channels: 1, height: 12, width: 12, classNames: ['—', '|'] });
}

export async function ownNetwork() {
  const { result } = await runFederation(
    {
      partition: { name: 'iid', participants: 3 },
      model: { name: 'custom' },
      optimizer: { name: 'adam', learningRate: 0.01 },
      batchSize: 16,
      local: { epochs: 5 },
      rounds: 3,
      reference: 0.99,
    },
    {
      extensions: { network: stripeNet },
      data: { train: stripes('train', 600), test: stripes('test', 200) },
    },
  );
  console.log(`stopped: ${result.stopped.reason} in round ${result.stopped.round}`);
  return result;
}

if (process.argv[1]?.endsWith('own-network.ts')) await ownNetwork();
