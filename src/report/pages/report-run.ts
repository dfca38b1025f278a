/** Writes a run folder as a page and as Markdown. Node only. */

import { CommonweightError } from '../../base/error.js';
import { closeDatasets } from '../../data/dataset.js';
import { asImages } from '../../data/images/image-dataset.js';
import { loadRecordedData } from '../../data/node/load-data.js';
import { pagingIn } from '../../data/paged/node/paging.js';
import type { OnDataProgress } from '../../data/progress.js';
import { machineMemory } from '../../federation/plan/node/machine-memory.js';
import { type RecordedRun, readRun } from '../../federation/record/read-run.js';
import { requireTestOf } from '../../federation/record/run-data.js';
import { lastDetails, wordsOfRun } from '../run-figures.js';
import { type TestPictures, testPictures } from '../sections/test-pictures.js';
import { type Finding, findings } from '../text/findings.js';
import { runMarkdown } from './run-markdown.js';
import { runPage } from './run-page.js';

export interface ReportOptions {
  /** The present place of the data set; by default that of the run's configuration. */
  readonly dataset?: string | undefined;
  /** The folder with Fashion-MNIST's files. */
  readonly dataDir?: string | undefined;
  readonly onData?: OnDataProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface RunReport {
  readonly html: string;
  readonly markdown: string;
  readonly findings: readonly Finding[];
}

/** @throws FederationError when there is no run at `path`, or a file of it cannot be read. */
export async function reportRun(path: string, options: ReportOptions = {}): Promise<RunReport> {
  const run = await readRun(path);
  const pictures = await picturesOf(run, options);
  return { html: runPage(run, pictures), markdown: runMarkdown(run), findings: findings(run) };
}

/** Reads the pictures. The data may have moved; the report then has no pictures and says why. */
async function picturesOf(
  run: RecordedRun,
  { dataset, dataDir, onData, signal }: ReportOptions,
): Promise<TestPictures | string> {
  const test = lastDetails(run)?.test;
  const images = [...(test?.decided?.gained ?? []), ...(test?.decided?.lost ?? [])];
  if (test === undefined || images.length === 0 || wordsOfRun(run).example !== 'image') return new Map();
  try {
    const options = { dataDir, onProgress: onData, signal, paging: pagingIn(machineMemory().bytes) };
    const data = await loadRecordedData(run.configuration, dataset, options);
    try {
      await requireTestOf(run.path, data.test);
      const pictures = asImages(data.test);
      return pictures === undefined ? new Map() : testPictures(pictures, images, test.examples);
    } finally {
      closeDatasets(data.train, data.test);
    }
  } catch (error) {
    if (error instanceof CommonweightError) return error.message;
    throw error;
  }
}
