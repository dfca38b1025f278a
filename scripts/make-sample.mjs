// Makes test/fixtures/fashion-mnist-sample from the full set: node scripts/make-sample.mjs [FOLDER
// OF THE FULL SET]
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';

const from = process.argv[2] ?? '/usr/share/datasets/fashion-mnist';
const to = join(import.meta.dirname, '../test/fixtures/fashion-mnist-sample');

for (const [name, header, exampleBytes, examples] of [
  ['train-images-idx3-ubyte.gz', 16, 28 * 28, 1280],
  ['train-labels-idx1-ubyte.gz', 8, 1, 1280],
  ['t10k-images-idx3-ubyte.gz', 16, 28 * 28, 640],
  ['t10k-labels-idx1-ubyte.gz', 8, 1, 640],
]) {
  const sample = Buffer.from(
    gunzipSync(readFileSync(join(from, name))).subarray(0, header + examples * exampleBytes),
  );
  sample.writeUInt32BE(examples, 4);
  const packed = gzipSync(sample, { level: 9 }); // its time stamp is 0
  packed[9] = 255; // "unknown" as the operating system, so that every machine writes the same bytes
  writeFileSync(join(to, name), packed);
}
