/** The parts of the benchmark: each measures, and says its result as text. */
import { allAdapters, measureAdapters, quickAdapters } from './adapters.js';
import { measureAgainst } from './against.js';
import { measureBrowser, openPages } from './browser.js';
import { measureCompile } from './compile.js';
import { allDemands, type DemandRow, measureDemand, quickDemands } from './demands.js';
import { measureDevices, measuredGpu } from './devices.js';
import { measureHub } from './hub.js';
import type { PandasPython } from './machine.js';
import { measureMemory } from './memory.js';
import { measureMerging } from './merging.js';
import type { NetworkName } from './networks.js';
import { type InstalledPeer, measurePeers } from './peers.js';
import { allPhotos, measurePhotos, quickPhotos } from './photos.js';
import { allPictures, measurePictures, quickPictures } from './pictures.js';
import { profileNetwork } from './profile.js';
import type { PyTorch } from './pytorch.js';
import { allReading, measureReading, quickReading } from './reading.js';
import { measureServed } from './served.js';
import { measureSteps } from './steps.js';
import { allTableRuns, measureTableRuns, quickTableRuns } from './table-runs.js';
import {
  adaptersTable,
  againstTable,
  browserTable,
  compileTable,
  demandsTable,
  devicesTable,
  hubTable,
  memoryTable,
  mergingTable,
  peersTable,
  photosTable,
  picturesTable,
  profileTable,
  readingTable,
  servedTable,
  stepsTable,
  tableRunsTable,
} from './tables.js';

export interface PartOptions {
  readonly networks: readonly NetworkName[];
  readonly batchSize: number;
  readonly quick: boolean;
  readonly pyTorches: readonly PyTorch[];
  readonly pandas: PandasPython | undefined;
  readonly peers: readonly InstalledPeer[];
  /** Another checkout, whose steps are measured in place of PyTorch's. */
  readonly against: string | undefined;
  /** What could not be measured, and why. */
  readonly tell: (note: string) => void;
}

/** Results, each as figures and as a table. */
type Part = (
  options: PartOptions,
) => AsyncGenerator<{ readonly figures: unknown; readonly table: string }, void>;

const turnsOf = ({ quick, batchSize, pyTorches, tell }: PartOptions) => {
  const turns = quick ? { rounds: 3, sliceSeconds: 0.5 } : { rounds: 7, sliceSeconds: 1 };
  return { ...turns, batchSize, pyTorches, tell };
};

export const parts = {
  async *steps(options) {
    for (const network of options.networks) {
      if (options.against !== undefined) {
        const figures = await measureAgainst(network, options.against, turnsOf(options));
        yield { figures, table: againstTable(figures) };
        continue;
      }
      const figures = await measureSteps(network, turnsOf(options));
      yield { figures, table: stepsTable(figures) };
      if (options.peers.length === 0) continue;
      const beside = await measurePeers(network, options.peers, turnsOf(options));
      yield { figures: beside, table: peersTable(beside) };
    }
  },
  async *devices(options) {
    const gpu = await measuredGpu();
    if (gpu === undefined) {
      options.tell('no GPU in hardware is here, so no devices are compared');
      return;
    }
    for (const network of options.networks) {
      const figures = await measureDevices(network, gpu.description, turnsOf(options));
      yield { figures, table: devicesTable(figures) };
    }
  },
  async *browser(options) {
    const pages = await openPages(options.quick);
    try {
      for (const network of options.networks) {
        const figures = await measureBrowser(pages, network, turnsOf(options));
        yield { figures, table: browserTable(figures) };
      }
    } finally {
      await pages.close();
    }
  },
  async *merging(options) {
    const figures = await measureMerging(options);
    yield { figures, table: mergingTable(figures) };
  },
  async *compile({ networks }) {
    const figures = [];
    for (const network of networks) figures.push(await measureCompile(network));
    yield { figures, table: compileTable(figures) };
  },
  async *memory({ quick }) {
    const figures = await measureMemory(quick);
    yield { figures, table: memoryTable(figures) };
  },
  async *pictures({ quick }) {
    const figures = await measurePictures(quick ? quickPictures : allPictures);
    yield { figures, table: picturesTable(figures) };
  },
  async *photos({ quick }) {
    const figures = await measurePhotos(quick ? quickPhotos : allPhotos);
    yield { figures, table: photosTable(figures) };
  },
  async *tables({ quick }) {
    const figures = await measureTableRuns(quick ? quickTableRuns : allTableRuns);
    yield { figures, table: tableRunsTable(figures) };
  },
  async *reading({ quick, pandas }) {
    const figures = await measureReading(quick ? quickReading : allReading, pandas?.python);
    yield { figures, table: readingTable(figures) };
  },
  async *demands({ quick }) {
    const rows: DemandRow[] = [];
    for (const demand of quick ? quickDemands : allDemands) rows.push(await measureDemand(demand));
    yield { figures: rows, table: demandsTable(rows) };
  },
  async *hub({ quick }) {
    for await (const figures of measureHub({ quick })) yield { figures, table: hubTable(figures) };
  },
  async *served({ quick }) {
    const figures = await measureServed(quick);
    yield { figures, table: servedTable(figures) };
  },
  async *adapters({ quick }) {
    const figures = await measureAdapters(quick ? quickAdapters : allAdapters);
    yield { figures, table: adaptersTable(figures) };
  },
  async *profile({ networks, batchSize }) {
    for (const network of networks) {
      const figures = await profileNetwork(network, batchSize);
      yield { figures, table: profileTable(figures) };
    }
  },
} satisfies Record<string, Part>;

export type PartName = keyof typeof parts;
export const partNames = Object.keys(parts) as readonly PartName[];
export const isPartName = (name: string): name is PartName => name in parts;
