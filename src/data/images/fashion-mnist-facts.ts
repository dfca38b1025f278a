/**
 * The facts of Fashion-MNIST: four files, their digests, ten names.
 * @see Xiao, Rasul, Vollgraf 2017, https://arxiv.org/abs/1708.07747
 */
import type { IdxRole } from './idx.js';

export interface KnownFile {
  readonly name: string;
  /** The digest of the decompressed bytes, so that it does not depend on the gzip program. */
  readonly sha256: string;
  /** Decompressed. */
  readonly bytes: number;
}

export type KnownFiles = Readonly<Record<IdxRole, KnownFile>>;

/**
 * In the order in which they are downloaded: a small file first shows quickly whether an address
 * works.
 */
export const fashionMnistFiles: KnownFiles = {
  testLabels: {
    name: 't10k-labels-idx1-ubyte',
    sha256: '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
    bytes: 10_008,
  },
  trainLabels: {
    name: 'train-labels-idx1-ubyte',
    sha256: 'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
    bytes: 60_008,
  },
  testExamples: {
    name: 't10k-images-idx3-ubyte',
    sha256: '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
    bytes: 7_840_016,
  },
  trainImages: {
    name: 'train-images-idx3-ubyte',
    sha256: 'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
    bytes: 47_040_016,
  },
};

export const fashionMnistClassNames: readonly string[] = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
];
