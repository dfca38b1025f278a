/** `commonweight evaluate`: a model on the test images of a data set, or on rows of a table. */
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { turnTaker } from '../../base/turns.js';
import { ARRAY_ENDINGS } from '../../data/arrays/array-files.js';
import { categoriesOf, closeDatasets, type Dataset } from '../../data/dataset.js';
import { labelledPictures, type PictureSet, renumbered } from '../../data/images/image-dataset.js';
import { loadAnnotated } from '../../data/images/labels/node/load-annotated.js';
import { datasetNames, loadDataset, orSayMoved } from '../../data/images/node/load-dataset.js';
import type { LoadedPictures } from '../../data/images/node/picture-folder.js';
import type { PictureFolderOptions } from '../../data/images/node/surveyed-pictures.js';
import { inputSizeOf } from '../../data/images/picture-facts.js';
import { type LoadDataOptions, loadDataOf } from '../../data/node/load-data.js';
import { pagingIn } from '../../data/paged/node/paging.js';
import { dataSchema, SITES } from '../../data/settings.js';
import type { ModelFile } from '../../engine/nn/model-file.js';
import type { Normalization } from '../../engine/nn/models/normalize-pixels.js';
import { taskSchema } from '../../engine/nn/settings.js';
import { classification } from '../../engine/nn/tasks/classification.js';
import { type MeasuredModel, measureModel } from '../../experiments/measured-model.js';
import { measuredCutOff } from '../../federation/coordinator/closing/decided-model.js';
import { machineMemory } from '../../federation/plan/node/machine-memory.js';
import { chosenMetrics, chosenMetricsProblem, classMetricsProblem } from '../../metrics/known-metrics.js';
import type { TaskMetrics } from '../../metrics/metric.js';
import type { Metrics } from '../../metrics/metrics.js';
import { chosenMetricsSchema } from '../../metrics/schemas.js';
import { nearestBin } from '../../metrics/score-histograms.js';
import { parseConfiguration } from '../../protocol/configuration/configuration.js';
import { datasetName } from '../../protocol/configuration/dataset-name.js';
import { evaluationReport, evaluationResult } from '../../report/text/evaluation-report.js';
import { sameShape } from '../../tensor/shape.js';
import { widthFor } from '../display/display.js';
import { liveDisplay } from '../display/display-live.js';
import { plainDisplay } from '../display/display-plain.js';
import { isLive } from '../display/terminal.js';
import { cutOffBy, type DecisionChoice, decisionOption, requireTwoClasses } from '../flags/decision-flag.js';
import { annotationsOfRun, labelsOfFolder, measuredPictures } from '../flags/measured-pictures.js';
import { networkOption, normalizationOption } from '../flags/model-options.js';
import type { NetworkChoice } from '../flags/network-flag.js';
import {
  type DescribedModelFile,
  isDataModel,
  isDescribed,
  isTableModel,
  type OpenedDataModel,
  openDataModel,
} from '../flags/open-data-model.js';
import { type OpenedModel, openModel, readModelFile } from '../flags/open-model.js';
import { labelsOption, skipDamagedOption } from '../flags/picture-flags.js';
import { settingsOfRun } from '../flags/settings-of-run.js';
import { testExamples } from '../flags/test-examples.js';
import { wholeNumber } from '../flags/values.js';
import { Interrupted, UsageError } from '../terminal/error.js';
import { watchInterrupts } from '../terminal/interrupt.js';
import { checkFolderOf, writeJson } from '../terminal/whole-file.js';

interface EvaluateFlags {
  readonly dataset?: string;
  readonly data?: string;
  readonly dataDir?: string;
  readonly network?: NetworkChoice;
  readonly normalization?: Normalization;
  readonly skipDamaged?: true;
  readonly labels?: string;
  readonly metrics?: readonly string[];
  readonly bootstrap?: number;
  readonly decision?: DecisionChoice;
  readonly json?: string;
  readonly workers?: number;
}

export function addEvaluate(program: Command): void {
  program
    .command('evaluate')
    .description(
      'Measure a model on the test images of a data set, or on rows of a table: accuracy, loss, the accuracy of each class, and which class is mistaken for which; of other tasks their metrics.',
    )
    .argument('<model>', 'a safetensors file')
    .option(
      '--dataset <name|dir>',
      'fashion-mnist, a folder, or a table; by default the test part of what the model was trained on',
    )
    .option('--data <dir>', 'where the data set of the model lies now, if it was moved')
    .option('--data-dir <dir>', 'the folder of Fashion-MNIST’s four files')
    .addOption(networkOption())
    .addOption(normalizationOption())
    .addOption(skipDamagedOption())
    .addOption(labelsOption())
    .option(
      '--metrics <names>',
      'what to measure, such as auroc,f1-macro; by default what the run beside the model is measured by',
      (text: string) => text.split(',').map((name) => name.trim()),
    )
    .option(
      '--bootstrap <n>',
      'give 95% intervals, from so many draws of the examples',
      wholeNumber('--bootstrap', 2, 10_000),
    )
    .addOption(decisionOption())
    .option('--json <file>', 'write the result as JSON')
    .option('--workers <n>', 'number of threads; one per core by default', wholeNumber('--workers', 1, 256))
    .addHelpText(
      'after',
      `
Examples:
  commonweight evaluate runs/v/model.safetensors
  commonweight evaluate runs/heart/model.safetensors --dataset patients.csv
  commonweight evaluate runs/heart/model.safetensors --dataset patients.csv --decision sensitivity=0.9
  commonweight evaluate merged.safetensors --dataset fashion-mnist --network paper-cnn --json merged.json`,
    )
    .action(evaluate);
}

/**
 * The path of the data set: the model has its name, and the configuration in its run folder has the
 * path.
 * @throws UsageError when neither has it
 */
async function whereItLies(model: string, name: string): Promise<string> {
  const trainedOn = await datasetOfRun(model);
  if (trainedOn !== undefined && datasetName(trainedOn) === name) return trainedOn;
  // A file of an earlier version has the path itself.
  if (datasetNames.includes(name) || name !== datasetName(name)) return name;
  throw new UsageError(`"${model}" was trained on "${name}", and does not say where that data set is`, {
    hint: 'name its folder with --dataset',
  });
}

/** What the run in whose folder the model lies has trained on. */
async function datasetOfRun(model: string): Promise<string | undefined> {
  const { dataset } = (await settingsOfRun(model)) ?? {};
  return typeof dataset === 'string' ? dataset : undefined;
}

/** What is measured, on which examples. */
interface Measured {
  readonly model: MeasuredModel;
  readonly test: Dataset;
  /** The data set's name or path. */
  readonly dataset: string;
  readonly part: 'test' | 'whole';
  /** Empty for a task without classes. */
  readonly classNames: readonly string[];
  readonly chosen: TaskMetrics;
  readonly what: 'images' | 'rows' | 'examples';
  /** What has a class, if not a whole example. */
  readonly counted?: 'pixels' | undefined;
  readonly cutOff: number | undefined;
  /** To be closed. */
  readonly opened: readonly Dataset[];
}

async function evaluate(path: string, flags: EvaluateFlags): Promise<void> {
  const { json, network } = flags;
  if (json !== undefined) await checkFolderOf('--json', json);
  const output = process.stdout;
  const display = (isLive(output) ? liveDisplay : plainDisplay)({ output });
  const { signal, stop } = watchInterrupts();
  try {
    const { onData, onNotice } = display;
    const options = { onProgress: onData, onNotice, signal, paging: pagingIn(machineMemory().bytes) };
    const file = network === undefined ? await readModelFile(path) : undefined;
    const described = file && (await ofOwnData(path, file, flags));
    const measured =
      described === undefined
        ? await picturesToMeasure(path, file, flags, options)
        : await examplesToMeasure(path, described, flags, options);
    const { model, test, dataset, part, classNames, chosen, what, counted, opened } = measured;
    const { metrics, intervals } = await measureModel(model, test, {
      ...{ workers: flags.workers ?? availableParallelism(), signal, resamples: flags.bootstrap },
    });
    closeDatasets(...opened);
    const { decision } = flags;
    const cutOff = decision === undefined ? measured.cutOff : cutOffBy(decision, metrics);
    const result = evaluationResult(path, dataset, classNames, metrics, part, {
      chosen,
      ...(intervals && { intervals, resamples: flags.bootstrap }),
      ...(decision !== undefined && typeof decision !== 'number' && { decision }),
      ...(cutOff !== undefined && {
        atCutOff: { cutOff, ...(await measuredAt(cutOff, metrics, flags.bootstrap, signal)) },
      }),
    });
    if (json !== undefined) await writeJson('--json', json, result);
    display.close();
    output.write(`${evaluationReport(result, widthFor(output), what, counted)}\n`);
  } catch (error) {
    throw signal.aborted ? new Interrupted('interrupted') : error;
  } finally {
    stop();
    display.close();
  }
}

function measuredAt(cutOff: number, metrics: Metrics, resamples: number | undefined, signal: AbortSignal) {
  const bootstrap = resamples === undefined ? undefined : { resamples, seed: 0 };
  return measuredCutOff(metrics, nearestBin(cutOff), bootstrap, turnTaker(signal));
}

/**
 * A model of a table, of arrays, or of pictures with labels or masks. Arrays may be pictures, too:
 * those of its run, or of a file.
 */
async function ofOwnData(
  path: string,
  file: ModelFile,
  { dataset }: EvaluateFlags,
): Promise<DescribedModelFile | undefined> {
  if (isDataModel(file)) return file;
  if (!isDescribed(file)) return undefined;
  if (dataset !== undefined) {
    return ARRAY_ENDINGS.some((ending) => dataset.toLowerCase().endsWith(ending)) ? file : undefined;
  }
  const data = dataSchema.safeParse((await settingsOfRun(path))?.data).data;
  return data?.kind === 'arrays' ? file : undefined;
}

/** Metrics and loss are those of the run beside the model, unless flags say otherwise. */
async function examplesToMeasure(
  path: string,
  file: DescribedModelFile,
  flags: EvaluateFlags,
  options: LoadDataOptions,
): Promise<Measured> {
  const { metrics: ofRun, loss, task } = (await settingsOfRun(path)) ?? {};
  const metrics = flags.metrics ?? ofRun;
  if (flags.decision !== undefined) requireTwoClasses(path, categoriesOf(file.description).length);
  const model = await openDataModel(path, file, {
    ...(flags.decision !== undefined && { decision: 'youden' }),
    ...(metrics !== undefined && { metrics }),
    ...(loss !== undefined && { loss }),
    ...(task !== undefined && { task }),
  });
  if ((await annotationsOfRun(path)) !== undefined) return annotatedToMeasure(path, model, flags, options);
  const { test, name, part } = await testExamples(path, model, flags, options);
  return {
    ...{ model, test, dataset: name, part, chosen: model.metrics, opened: [test] },
    what: isTableModel(file) ? 'rows' : 'examples',
    classNames: categoriesOf(model.facts),
    cutOff: model.cutOff,
  };
}

/** Pictures with labels or masks. */
async function annotatedToMeasure(
  path: string,
  model: OpenedDataModel,
  flags: EvaluateFlags,
  options: LoadDataOptions,
): Promise<Measured> {
  const { split, name, part } = await measuredPictures(path, model, flags, options);
  const { meaning } = model.facts.targets[0] ?? {};
  const isMask = model.task.name === 'segmentation' && meaning?.kind === 'categories';
  return {
    ...{ model, test: split.test, dataset: name, part, chosen: model.metrics, what: 'images' },
    ...{ opened: [split.train, split.test], cutOff: undefined },
    ...(isMask ? { counted: 'pixels', classNames: meaning.names } : { classNames: [] }),
  };
}

async function picturesToMeasure(
  path: string,
  file: ModelFile | undefined,
  flags: EvaluateFlags,
  general: LoadDataOptions,
): Promise<Measured> {
  const {
    dataset: named,
    data,
    dataDir,
    network,
    normalization,
    skipDamaged,
    metrics,
    labels,
    decision,
  } = flags;
  const described = file && (await openModel(path, {}, file));
  const given = named ?? data;
  const dataset = given ?? (described?.dataset && (await whereItLies(path, described.dataset)));
  if (dataset === undefined) {
    throw new UsageError(`"${path}" does not say what it was trained on`, {
      hint: 'name the data with --dataset: fashion-mnist, or a folder',
    });
  }
  const options = { ...general, dataDir, skipDamaged, ...(described && sizeFor(described)) };
  const loading =
    given === undefined && dataset === SITES
      ? sitesOfRun(path, options)
      : testOf(path, dataset, options, labels);
  const loaded = await orSayMoved(loading, given);
  const { channels, height, width } = loaded.test;
  const model =
    described ?? (await openModel(path, { network, normalization, imageShape: [channels, height, width] }));
  const test = inOrderOf(model.classNames, loaded.test);
  checkFits(model, test, path, dataset);
  const { classNames } = test;
  const classes = classNames.length;
  const names = await metricsFor(path, metrics, classes);
  if (decision !== undefined) requireTwoClasses(path, classes);
  const { cutOff } = model;
  const isScored = cutOff !== undefined || decision !== undefined;
  return {
    model: { ...model, task: classification({ classes, metrics: names, isScored }) },
    cutOff,
    ...{ test, dataset, classNames, what: 'images', part: loaded.isWhole ? 'whole' : 'test' },
    chosen: chosenMetrics('classification', names),
    opened: [loaded.train, loaded.test],
  };
}

/** Of what its run has trained on, a part was held out; another folder is all for this. */
async function testOf(
  path: string,
  dataset: string,
  options: LoadDataOptions,
  labels: string | undefined,
): Promise<LoadedPictures> {
  const wanted = (await isTrainedOn(path, dataset)) ? 'both' : 'test';
  const annotations = await labelsOfFolder(path, dataset, labels);
  if (annotations === undefined) return loadDataset(dataset, { ...options, wanted });
  const { train, test, isWhole } = await loadAnnotated(dataset, annotations, { ...options, wanted });
  return { train: labelledPictures(train), test: labelledPictures(test), isWhole };
}

/** What the sites of its run have for the test, together. */
async function sitesOfRun(path: string, options: LoadDataOptions): Promise<LoadedPictures> {
  const run = parseConfiguration(await settingsOfRun(path), path);
  const { train, test } = await loadDataOf({ ...run, imageSize: undefined }, options);
  return { train: labelledPictures(train), test: labelledPictures(test), isWhole: false };
}

/** Pictures are brought to the model's own size, as in training. */
const sizeFor = ({ imageShape, imageFit }: OpenedModel): PictureFolderOptions => ({
  ...inputSizeOf(imageShape),
  fit: imageFit,
});

async function isTrainedOn(model: string, dataset: string): Promise<boolean> {
  const trainedOn = await datasetOfRun(model);
  return trainedOn !== undefined && resolve(trainedOn) === resolve(dataset);
}

/** The numbers of classes are the model's. A folder may lack some of them. */
function inOrderOf(classNames: readonly string[], test: PictureSet): PictureSet {
  const numbers = test.classNames.map((name) => classNames.indexOf(name));
  return numbers.includes(-1) ? test : renumbered(test, numbers, classNames);
}

function checkFits(model: OpenedModel, test: PictureSet, path: string, dataset: string): void {
  const shape = [test.channels, test.height, test.width];
  if (!sameShape(model.imageShape, shape)) {
    throw new UsageError(
      `"${path}" takes images of ${model.imageShape.join('x')}, those of ${dataset} are ${shape.join('x')} (channels x height x width)`,
    );
  }
  if (model.classNames.length !== test.classNames.length) {
    throw new UsageError(
      `"${path}" knows ${model.classNames.length} classes, ${dataset} has ${test.classNames.length}`,
    );
  }
  // Data without names have numbers as names; only real names can contradict each other.
  const named = (names: readonly string[]) => names.some((name, label) => name !== String(label));
  const other = model.classNames.findIndex((name, label) => name !== test.classNames[label]);
  if (other !== -1 && named(model.classNames) && named(test.classNames)) {
    throw new UsageError(
      `class ${other} of "${path}" is "${model.classNames[other]}", that of ${dataset} is "${test.classNames[other]}"`,
      { hint: 'name the classes alike, and in the same order' },
    );
  }
}

/**
 * The metrics that the flag names, those of the run beside the model, or accuracy.
 * @throws UsageError when one is unknown, or not for so many classes
 */
async function metricsFor(path: string, flag: readonly string[] | undefined, classes: number) {
  const { metrics, task } = (await settingsOfRun(path)) ?? {};
  const isClassified = task === undefined || taskSchema.safeParse(task).data?.name === 'classification';
  const ofRun = isClassified ? chosenMetricsSchema.safeParse(metrics).data : undefined;
  const names = flag ?? ofRun ?? ['accuracy'];
  const problem = chosenMetricsProblem('classification', names) ?? classMetricsProblem(names, classes);
  if (problem === undefined) return names;
  const { message, hint } = problem;
  throw new UsageError(message.replace('"metrics"', '"--metrics"'), hint === undefined ? {} : { hint });
}
