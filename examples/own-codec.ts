// A codec of one's own: each change as a whole number from -127 to 127, with one scale for each
// tensor. An update has a quarter of the bytes: npx tsx examples/own-codec.ts
import type { Codec } from 'commonweight';
import { runFederation } from 'commonweight/node';

export const int8: Codec = {
  name: 'int8',
  parts: (shape) => [
    { suffix: '', dtype: 'I8', shape },
    { suffix: '.scale', dtype: 'F32', shape: [1] },
  ],
  encode(values, base) {
    const changes = values.map((value, i) => value - (base[i] as number));
    const scale = Math.fround(changes.reduce((most, change) => Math.max(most, Math.abs(change)), 0) / 127);
    const steps = Int8Array.from(changes, (change) => (scale === 0 ? 0 : Math.round(change / scale)));
    return [steps, Float32Array.of(scale)];
  },
  // The coordinator goes on with these numbers, and so does everybody else.
  decode([steps, scale], base) {
    return base.map((value, i) => value + (steps?.[i] as number) * (scale?.[0] as number));
  },
};

export async function ownCodec(dataset = 'fashion-mnist', update = int8.name) {
  const { result } = await runFederation(
    {
      dataset,
      partition: { name: 'v', participants: 3 },
      model: { name: 'mlp' },
      optimizer: { name: 'sgd', learningRate: 0.05, momentum: 0.9 },
      local: { epochs: 1 },
      rounds: 3,
      codec: { update },
    },
    // Across machines it goes to serveFederation and to joinFederation.
    { extensions: { codecs: [int8] } },
  );
  const accuracy = result.rounds.at(-1)?.merged.mean?.test.accuracy ?? 0;
  console.log(`${update}: ${(accuracy * 100).toFixed(2)}% of the test images`);
  return { accuracy, model: result.model?.sha256 };
}

if (process.argv[1]?.endsWith('own-codec.ts')) {
  for (const update of ['plain', 'half', int8.name]) await ownCodec(process.argv[2], update);
}
