/**
 * Reads a run folder for reports, and changes nothing in it. The run may be finished, running, cut
 * off, or written by a version that recorded less. Node only.
 */

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { reasonOf } from '../../base/node/reason.js';
import type { SitesSurvey } from '../../data/survey/site-survey.js';
import { decodeModel, type ModelDescription } from '../../engine/nn/model-file.js';
import { decisionResultSchema } from '../../metrics/schemas.js';
import { type Configuration, parseConfiguration } from '../../protocol/configuration/configuration.js';
import { hasClasses } from '../../protocol/configuration/task-metrics.js';
import { type RoundDetails, roundDetailsSchema } from '../../protocol/round-details.js';
import { decodeSafetensors } from '../../tensor/safetensors.js';
import { FederationError } from '../error.js';
import { type SurveyPlan, surveyedSites, surveyPlanOf } from '../methods/federated-survey.js';
import { preprocessingPlanOf } from '../methods/preprocessing.js';
import { participantsOf, rulesOf } from '../plan/rules.js';
import type { RoundRecord, RunState } from '../rounds/round.js';
import { applyEvent, isFinished, startRun } from '../rounds/rounds.js';
import { parseJournal } from './journal.js';
import { checkJournalVersion } from './journal-version.js';
import { LABEL_COUNTS, type LabelCounts, labelCountsSchema } from './label-counts.js';
import { detailsFile, readYaml, stateFile } from './run-folder.js';
import { fewExamplesSchema, type RunResult, runResult } from './run-result.js';

export interface RecordedRun {
  readonly path: string;
  readonly configuration: Configuration;
  readonly state: RunState;
  readonly rounds: readonly RoundRecord[];
  /** The result by the journal; for a finished run the same as result.json. */
  readonly result: RunResult;
  readonly finished: boolean;
  /** Whether an earlier start allowed fewer rounds. */
  readonly extended: boolean;
  /** Whether its task is classification. */
  readonly hasClasses: boolean;
  /** The measurements by round. */
  readonly details: ReadonlyMap<number, RoundDetails>;
  /** Undefined if the run may not share them. */
  readonly labelCounts: LabelCounts | undefined;
  /** What the participants answered before round 1; undefined if nobody was asked. */
  readonly survey: SitesSurvey | undefined;
  /** The last merged model that is there. */
  readonly model: RecordedModel | undefined;
}

export interface RecordedModel {
  readonly description: ModelDescription | undefined;
  /** The bytes of its numbers, encoded by the codec. */
  readonly bytes: number;
}

/** @throws FederationError when there is no run, or a file of it cannot be read. */
export async function readRun(path: string): Promise<RecordedRun> {
  await checkJournalVersion(path);
  const configuration = await readConfiguration(path);
  const journal = join(path, 'journal.jsonl');
  const events = parseJournal((await textOf(journal)) ?? '', journal);
  const participants = participantsOf(configuration);
  const state = events.reduce(applyEvent, startRun(rulesOf(configuration, participants)));
  const earlier = await readEarlierResult(path);
  const model = await readModel(path, state.rounds);
  const cutShort = earlier?.stopped.reason === 'diverged' ? 'diverged' : 'interrupted';
  const result = runResult({
    configuration,
    state,
    versions: earlier?.versions ?? {},
    ...(state.stopped === undefined && { cutShort }),
    ...(earlier?.decision && { decision: earlier.decision }),
    ...(earlier?.fewValidationExamples && { validationExamples: earlier.fewValidationExamples }),
  });
  return {
    path,
    configuration,
    state,
    rounds: state.rounds,
    result,
    hasClasses: hasClasses(configuration),
    finished: isFinished(state),
    extended: events.some(({ type }) => type === 'rounds-raised'),
    details: await readDetails(path, state.rounds),
    labelCounts: await readLabelCounts(path),
    survey: await readRecordedSurvey(path, configuration, state.rounds, model?.description),
    model,
  };
}

async function readConfiguration(path: string): Promise<Configuration> {
  const file = join(path, 'configuration.yaml');
  const text = await textOf(file);
  if (text !== undefined) return parseConfiguration(readYaml(text, file), file);
  const found = await stat(path).catch(() => undefined);
  const problem =
    found === undefined
      ? `there is no folder "${path}"`
      : found.isDirectory()
        ? `"${path}" holds no run: there is no configuration.yaml in it`
        : `"${path}" is a file, expected the folder of a run`;
  throw new FederationError(problem, {
    hint: 'name the folder that --out of run or serve named; that of join has a participant’s work and model, and no run',
  });
}

const earlierResultSchema = z.object({
  versions: z.record(z.string(), z.string()),
  stopped: z.object({ reason: z.string() }),
  fewValidationExamples: z.array(fewExamplesSchema).optional(),
  decision: decisionResultSchema.optional(),
});

/**
 * The parts of an earlier result that are not in the journal: the versions, the cut-off, and why
 * the run ended early.
 */
async function readEarlierResult(path: string) {
  return readJson(join(path, 'result.json'), earlierResultSchema);
}

async function readDetails(path: string, rounds: readonly RoundRecord[]): Promise<Map<number, RoundDetails>> {
  const details = new Map<number, RoundDetails>();
  for (const { round, merged } of rounds) {
    if (merged === undefined) continue;
    const one = await readRoundDetails(path, round);
    if (one?.sha256 === merged.sha256) details.set(round, one);
  }
  return details;
}

/** Undefined if there are none. @throws FederationError when they cannot be read */
export const readRoundDetails = (path: string, round: number) =>
  readJson(join(path, detailsFile(round)), roundDetailsSchema);

const readLabelCounts = (path: string) => readJson(join(path, LABEL_COUNTS), labelCountsSchema);

/** The description of the model says what the columns are. */
async function readRecordedSurvey(
  path: string,
  configuration: Configuration,
  [first]: readonly RoundRecord[],
  columns: ModelDescription | undefined,
): Promise<SitesSurvey | undefined> {
  const preprocessing = columns && preprocessingPlanOf(configuration, columns, path);
  const plan = columns && surveyPlanOf(configuration, columns, preprocessing);
  return first && plan && readSurvey(path, plan, first);
}

/** What was answered in the first round; undefined if nobody was asked, or an answer is missing. */
export async function readSurvey(
  path: string,
  plan: SurveyPlan,
  { closed }: RoundRecord,
): Promise<SitesSurvey | undefined> {
  const counted = closed.survey?.counted;
  if (counted === undefined) return undefined;
  const files = await Promise.all(
    counted.map(async (name) => {
      const file = join(path, stateFile({ type: 'survey', round: 1, participant: name }));
      const bytes = await readFile(file).catch(() => undefined);
      return bytes && { name, file: decodeSafetensors(bytes, file).state };
    }),
  );
  const there = files.filter((file) => file !== undefined);
  return there.length < files.length ? undefined : surveyedSites(plan, there);
}

async function readModel(path: string, rounds: readonly RoundRecord[]): Promise<RecordedModel | undefined> {
  const last = rounds.findLast(({ merged }) => merged !== undefined);
  if (last === undefined) return undefined;
  const file = join(path, stateFile({ type: 'merged', round: last.round }));
  const bytes = await readFile(file).catch(() => undefined);
  if (bytes === undefined) return undefined;
  const { state, description } = decodeModel(bytes, file);
  return { description, bytes: state.data.byteLength };
}

/** Undefined if there is no such file. */
async function textOf(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new FederationError(`"${file}" cannot be read: ${reasonOf(cause)}`, { cause });
  });
}

async function readJson<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
): Promise<z.output<Schema> | undefined> {
  const text = await textOf(file);
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new FederationError(`"${file}" cannot be read: it was changed, or is of another version`, {
      cause,
      hint: 'move it away: the report then leaves it out',
    });
  }
}
