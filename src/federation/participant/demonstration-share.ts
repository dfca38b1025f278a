/**
 * A share of a public data set, which the hub lends for a demonstration: the part that `run` would
 * deal out to this participant. A page trains on it like a native participant with `--partition`.
 * Its format on the wire is
 *
 *     u32 little-endian: the header's length, the header as JSON, labels [examples], images [examples, C, H, W]
 *
 * with the training examples first, in order. The federation's description says the shape of the
 * images.
 */
import { z } from 'zod';
import { imageBytes, imageDataset, requireImages } from '../../data/images/image-dataset.js';
import { pictureFacts } from '../../data/images/picture-facts.js';
import { isPartitionerName } from '../../data/partition/partitioners.js';
import type { Description } from '../../protocol/description.js';
import { FederationError } from '../error.js';
import { type OwnData, ownData } from './own-data.js';

/** The data sets that are public. A coordinator's own folder of test data is never lent. */
const PUBLIC_DATASETS: readonly string[] = ['fashion-mnist'];

/** Five times 60,000 grey images of 28×28. */
const LARGEST_BYTES = 2 ** 28;
const LARGEST_HEADER_BYTES = 4096;

const headerSchema = z.strictObject({
  name: z.string().min(1).max(200),
  training: z.int().positive(),
  validation: z.int().nonnegative(),
});

export const DEMONSTRATION_PATH = '/demonstration';

/** Whether there is a share to be lent. */
export const hasDemonstration = ({ configuration }: Pick<Description, 'configuration'>): boolean =>
  PUBLIC_DATASETS.includes(configuration.dataset) && isPartitionerName(configuration.partition.name);

export function encodeShare({ dataset: of, share }: OwnData): Uint8Array<ArrayBuffer> {
  const dataset = requireImages(of);
  const { name } = dataset;
  const indices = [...share.train, ...share.validation];
  const header = new TextEncoder().encode(
    JSON.stringify({ name, training: share.train.length, validation: share.validation.length }),
  );
  const each = imageBytes(dataset);
  const bytes = new Uint8Array(4 + header.length + indices.length * (1 + each));
  new DataView(bytes.buffer).setUint32(0, header.length, true);
  bytes.set(header, 4);
  const labelsAt = 4 + header.length;
  const imagesAt = labelsAt + indices.length;
  for (const [place, index] of indices.entries()) {
    bytes[labelsAt + place] = dataset.labels[index] as number;
    bytes.set(dataset.images.subarray(index * each, (index + 1) * each), imagesAt + place * each);
  }
  return bytes;
}

/** @throws FederationError when the bytes are no share of this federation's images */
export function decodeShare(bytes: Uint8Array, participant: string, description: Description): OwnData {
  const { imageShape, classNames } = pictureFacts(description, 'the demonstration');
  const [channels, height, width] = imageShape;
  const problem = (what: string) =>
    new FederationError(`the demonstration share that the hub lends ${what}`, {
      hint: 'use one version of commonweight everywhere',
    });
  const length = bytes.length < 4 ? -1 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if (length < 0 || length > Math.min(LARGEST_HEADER_BYTES, bytes.length - 4)) throw problem('has no header');
  const labelsAt = 4 + length;
  const header = headerIn(bytes.subarray(4, labelsAt));
  if (header === undefined) throw problem('has a header that cannot be read');
  const { name, training, validation } = header;
  const examples = training + validation;
  const expected = labelsAt + examples * (1 + channels * height * width);
  if (bytes.length !== expected) {
    throw problem(`has ${bytes.length} bytes, expected ${expected} for ${examples} examples`);
  }
  const labels = bytes.subarray(labelsAt, labelsAt + examples);
  const images = bytes.subarray(labelsAt + examples);
  const dataset = imageDataset({ name, images, labels, channels, height, width, classNames });
  const place = Uint32Array.from({ length: examples }, (_, index) => index);
  const { dataset: fitted } = ownData(dataset, participant, description);
  return {
    dataset: fitted,
    share: { name: participant, train: place.slice(0, training), validation: place.slice(training) },
  };
}

/**
 * Asks the hub for the share of the token's participant.
 * @throws FederationError when there is none, or what comes is no share
 */
export async function demonstrationShare(
  url: string,
  token: string,
  participant: string,
  description: Description,
): Promise<OwnData> {
  const address = new URL(DEMONSTRATION_PATH, url);
  const response = await fetch(address, { headers: { authorization: `Bearer ${token}` } }).catch(
    (cause: unknown) => {
      throw new FederationError('the hub does not answer when it is asked for its demonstration share', {
        cause,
        hint: 'try again, or choose images of your own',
      });
    },
  );
  if (!response.ok) {
    const answer = (await response.json().catch(() => undefined)) as { error?: unknown } | undefined;
    throw new FederationError(
      `the hub lends no share: ${String(answer?.error ?? response.status).slice(0, 300)}`,
      {
        hint: 'choose images of your own',
      },
    );
  }
  if (Number(response.headers.get('content-length')) > LARGEST_BYTES) {
    throw new FederationError(`the hub would lend more than ${LARGEST_BYTES} bytes`);
  }
  return decodeShare(new Uint8Array(await response.arrayBuffer()), participant, description);
}

function headerIn(bytes: Uint8Array): z.output<typeof headerSchema> | undefined {
  try {
    return headerSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return undefined;
  }
}
