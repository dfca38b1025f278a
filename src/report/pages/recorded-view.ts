/**
 * Makes the observers' view of a recorded run, the same that its coordinator would show. Node only.
 */

import { CommonweightError } from '../../base/error.js';
import { closeDatasets } from '../../data/dataset.js';
import { asImages, type PictureSet } from '../../data/images/image-dataset.js';
import { loadRecordedData } from '../../data/node/load-data.js';
import { pagingIn } from '../../data/paged/node/paging.js';
import { comparisonOfSites } from '../../data/survey/site-comparison.js';
import { machineMemory } from '../../federation/plan/node/machine-memory.js';
import { type RecordedRun, readRun } from '../../federation/record/read-run.js';
import { requireTestOf } from '../../federation/record/run-data.js';
import { statusOf } from '../../federation/rounds/status.js';
import { observedPictures } from '../../federation/watch/observed-pictures.js';
import { runView } from '../../federation/watch/run-view.js';
import { withoutPath } from '../../protocol/configuration/dataset-name.js';
import type { RunView } from '../../transport/run-view.js';
import { classNamesOf, lastDetails, trafficOf, wordsOfRun } from '../run-figures.js';
import type { ReportOptions } from './report-run.js';

export interface RecordedViewOptions extends ReportOptions {
  /** Told in words why there are no test pictures. */
  onNoPictures?(reason: string): void;
}

/** @throws FederationError when there is no run at `path`, or a file of it cannot be read */
export async function recordedView(path: string, options: RecordedViewOptions = {}): Promise<RunView> {
  const run = await readRun(path);
  const { configuration, state, details, result } = run;
  const { participants, attackers } = state.rules;
  const { commonweight } = result.versions;
  const inputs = run.model?.description?.inputs;
  const noPictures = (reason: string) => options.onNoPictures?.(reason);
  const test = await testImagesOf(run, options, noPictures);
  const { updates, copies, modelBytes } = trafficOf(run) ?? { updates: 0, copies: 0, modelBytes: 0 };
  const status = statusOf(state);
  const comparison = run.survey && comparisonOfSites(run.survey);
  return runView({
    overview: {
      ...{
        configuration: withoutPath(configuration),
        participants: [...participants],
        metrics: [...result.metrics],
        ...(inputs && { inputs: [...inputs] }),
        ...(run.hasClasses && { categories: [...classesOf(run, test)] }),
      },
      testExamples: hasTestExamples(run),
      ...(attackers && { attackers: [...attackers] }),
      ...(commonweight !== undefined && { commonweight }),
    },
    state: () => state,
    status: () => status,
    detailsOf: ({ round }) => details.get(round),
    ...(test && { pictures: observedPictures(test, noPictures) }),
    surveyOf: () => comparison,
    log: () => [],
    recorded: {
      ...(run.labelCounts && {
        labelCounts: Object.fromEntries(
          run.labelCounts.participants.map(({ name, counts }) => [name, [...counts]]),
        ),
      }),
      traffic: { received: updates * modelBytes, sent: copies * modelBytes },
    },
  });
}

/** Before the first merge, the configuration decides. */
function hasTestExamples({ configuration, result: { rounds } }: RecordedRun): boolean {
  const merged = rounds.filter(({ copied }) => copied.length > 0);
  return merged.length === 0
    ? configuration.dataset !== 'none'
    : merged.some((round) => Object.keys(round.merged).length > 0);
}

/** The test images, if some of them are to be shown. */
async function testImagesOf(
  run: RecordedRun,
  { dataset, dataDir, onData, signal }: ReportOptions,
  noPictures: (reason: string) => void,
): Promise<PictureSet | undefined> {
  if ((lastDetails(run)?.test?.decided?.gained ?? []).length === 0) return undefined;
  if (wordsOfRun(run).example !== 'image') return undefined;
  try {
    const options = { dataDir, onProgress: onData, signal, paging: pagingIn(machineMemory().bytes) };
    const { train, test } = await loadRecordedData(run.configuration, dataset, options);
    closeDatasets(train);
    await requireTestOf(run.path, test);
    return asImages(test);
  } catch (error) {
    if (!(error instanceof CommonweightError)) throw error;
    noPictures(error.message);
    return undefined;
  }
}

/** The names of the classes. Before the first merge, the folder may not contain them. */
const classesOf = (run: RecordedRun, test: PictureSet | undefined): readonly string[] =>
  [run.configuration.classNames, test?.classNames, classNamesOf(run)].find((names) => names?.length) ?? ['0'];
