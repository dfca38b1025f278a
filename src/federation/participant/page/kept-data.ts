/**
 * A participant's data, kept by the browser, so that a page that is loaded again need not ask for
 * them. For pages.
 */
import { del, get, set } from 'idb-keyval';
import { imageDataset, requireImages } from '../../../data/images/image-dataset.js';
import type { Share } from '../../../data/partition/partition.js';
import { FederationError } from '../../error.js';
import type { OwnData } from '../own-data.js';
import { attempt, pageStore } from './page-store.js';

export interface KeptData {
  /** The data that were kept last, if any. */
  load(): Promise<OwnData | undefined>;
  /**
   * Keeps the data in place of earlier ones; whole, or not at all.
   * @throws FederationError when the data are too large, or there is no room: the page then asks
   *   again when it is loaded
   */
  keep(data: OwnData): Promise<void>;
  forget(): Promise<void>;
}

/** The form in which the browser keeps them. */
interface KeptPictures {
  readonly dataset: Parameters<typeof imageDataset>[0];
  readonly share: Share;
}

const mostBytes = 400 * 2 ** 20;

const store = pageStore('commonweight-data', 'data');

/** @param name of a participant in a federation; each has its own data */
export const keptData = (name: string): KeptData => ({
  async load() {
    const data = await attempt('the data cannot be read', () => get<KeptPictures>(name, store));
    return data && { dataset: imageDataset(data.dataset), share: data.share };
  },
  async keep({ dataset, share }) {
    const { name: called, images, labels, channels, height, width, classNames } = requireImages(dataset);
    if (images.length > mostBytes) {
      const megabytes = (bytes: number) => Math.round(bytes / 2 ** 20);
      throw new FederationError(
        `the images take ${megabytes(images.length)} MB, and this browser keeps at most ${megabytes(mostBytes)} MB of them`,
        { hint: 'choose the files again when the page is loaded again' },
      );
    }
    // Copies of the arrays: the browser cannot keep memory that is shared between threads.
    const own = {
      ...{ name: called, channels, height, width, classNames },
      ...{ images: new Uint8Array(images), labels: new Uint8Array(labels) },
    };
    await attempt('the data cannot be kept', () => set(name, { dataset: own, share }, store));
  },
  forget: () => attempt('the data cannot be removed', () => del(name, store)),
});
