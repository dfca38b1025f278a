/**
 * A participant's data, kept by the browser, so that a page that is loaded again need not ask for
 * them. For pages.
 */
import { del, get, set } from 'idb-keyval';
import {
  bytesOf,
  type Column,
  type Dataset,
  factsOf,
  type HeldColumn,
  requireHeld,
  toShared,
} from '../../../data/dataset.js';
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

/** The form in which the browser keeps them; earlier versions of this page had another one. */
interface KeptColumns {
  readonly dataset: Dataset;
  readonly share: Share;
}

const mostBytes = 400 * 2 ** 20;

const store = pageStore('commonweight-data', 'data');

/** @param name of a participant in a federation; each has its own data */
export const keptData = (name: string): KeptData => ({
  async load() {
    const data = await attempt('the data cannot be read', () => get<KeptColumns>(name, store));
    if (data?.dataset.inputs === undefined) return undefined;
    const shared = (column: Column): HeldColumn => {
      const held = requireHeld(column);
      return { ...held, values: toShared(held.values) };
    };
    const { dataset, share } = data;
    const [inputs, targets] = [dataset.inputs.map(shared), dataset.targets.map(shared)];
    return { dataset: { ...dataset, inputs, targets }, share };
  },
  async keep({ dataset, share }) {
    const bytes = bytesOf(dataset);
    if (bytes > mostBytes) {
      const megabytes = (bytes: number) => Math.round(bytes / 2 ** 20);
      throw new FederationError(
        `the data take ${megabytes(bytes)} MB, and this browser keeps at most ${megabytes(mostBytes)} MB of them`,
        { hint: 'choose the files again when the page is loaded again' },
      );
    }
    const { name: called, examples, clusters } = dataset;
    // Copies of the arrays: the browser cannot keep memory that is shared between threads.
    const own = (column: Column): HeldColumn => {
      const { values } = requireHeld(column);
      return { ...factsOf(column), values: values.slice() };
    };
    const kept: Dataset = {
      ...{ name: called, examples, inputs: dataset.inputs.map(own), targets: dataset.targets.map(own) },
      ...(clusters && { clusters: clusters.slice() }),
    };
    const listed = { ...share, train: share.train.slice(), validation: share.validation.slice() };
    await attempt('the data cannot be kept', () => set(name, { dataset: kept, share: listed }, store));
  },
  forget: () => attempt('the data cannot be removed', () => del(name, store)),
});
