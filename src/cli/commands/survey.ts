/** `commonweight survey`: what the tables of a federation hold, and where its sites differ. */
import type { Command } from 'commander';
import { closeDatasets } from '../../data/dataset.js';
import { type LoadDataOptions, loadSiteTables } from '../../data/node/load-data.js';
import { pagingIn } from '../../data/paged/node/paging.js';
import { SMALLEST_COUNT } from '../../data/survey/own-answer.js';
import { surveySites } from '../../data/survey/site-survey.js';
import { surveyRecord } from '../../data/survey/survey-record.js';
import { parseConfiguration } from '../../protocol/configuration/configuration.js';
import { surveyReport } from '../../report/text/survey-report.js';
import { widthFor } from '../display/display.js';
import { liveDisplay } from '../display/display-live.js';
import { isLive } from '../display/terminal.js';
import { readConfigurationFile } from '../flags/configuration-file.js';
import { requireSmallest, wholeNumber } from '../flags/values.js';
import { Interrupted } from '../terminal/error.js';
import { watchInterrupts } from '../terminal/interrupt.js';
import { print } from '../terminal/print.js';
import { checkFolderOf, writeJson } from '../terminal/whole-file.js';

/** Rows are read in their order, so a file is about as fast as memory. */
const MEMORY_BYTES = 1e9;

interface SurveyFlags {
  readonly total?: boolean;
  readonly smallest?: number;
  readonly json?: string;
}

export function addSurvey(program: Command): void {
  program
    .command('survey')
    .description(
      'Show what the tables of a federation hold: means, medians, categories, missing values and classes at each site on this machine and in total, and where the sites differ. Nothing is trained, and nothing is sent.',
    )
    .argument('<file>', 'federation.yaml, whose data are tables')
    .option('--total', 'show all rows together only, and no single site')
    .option(
      '--smallest <n>',
      `hide counts below; 1 hides none (default: ${SMALLEST_COUNT}, or what "preprocessing" says)`,
      wholeNumber('--smallest', 1, 1000),
    )
    .option('--json <file>', 'write the figures as JSON')
    .addHelpText(
      'after',
      `
Examples:
  commonweight survey federation.yaml
  commonweight survey federation.yaml --total --smallest 10 --json survey.json`,
    )
    .action(survey);
}

async function survey(file: string, { total: isTotal = false, smallest, json }: SurveyFlags): Promise<void> {
  requireSmallest(smallest);
  if (json !== undefined) await checkFolderOf('--json', json);
  const configuration = parseConfiguration(await readConfigurationFile(file), file);
  const smallestCount = smallest ?? configuration.preprocessing?.smallestCount ?? SMALLEST_COUNT;
  const tables = await tablesOf(configuration);
  const surveyed = surveySites(tables, smallestCount);
  closeDatasets(...tables.map(({ dataset }) => dataset));
  if (json !== undefined) await writeJson('--json', json, surveyRecord(surveyed, isTotal));
  print(surveyReport(surveyed, { width: widthFor(process.stdout), isTotal }));
}

/** Reads the tables, with progress in a terminal. */
async function tablesOf(configuration: Parameters<typeof loadSiteTables>[0]) {
  const output = process.stdout;
  const display = isLive(output) ? liveDisplay({ output }) : undefined;
  const { signal, stop } = watchInterrupts();
  const options: LoadDataOptions = {
    ...{ signal, onProgress: display?.onData, paging: pagingIn(MEMORY_BYTES) },
    onNotice: (notice) => (display === undefined ? print(notice) : display.onNotice(notice)),
  };
  try {
    return await loadSiteTables(configuration, options);
  } catch (error) {
    throw signal.aborted ? new Interrupted('interrupted') : error;
  } finally {
    stop();
    display?.close();
  }
}
