/** `commonweight evaluate`: a model on the test images of a data set. */
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { closeDatasets } from '../../data/dataset.js';
import { labelledPictures, type PictureSet, renumbered } from '../../data/images/image-dataset.js';
import { datasetNames, loadDataset, orSayMoved } from '../../data/images/node/load-dataset.js';
import type { LoadedPictures, PictureFolderOptions } from '../../data/images/node/picture-folder.js';
import { type LoadDataOptions, loadDataOf } from '../../data/node/load-data.js';
import { pagingIn } from '../../data/paged/node/paging.js';
import { SITES } from '../../data/settings.js';
import type { Normalization } from '../../engine/nn/models/normalize-pixels.js';
import { taskSchema } from '../../engine/nn/settings.js';
import { classification } from '../../engine/nn/tasks/classification.js';
import { measureModel } from '../../experiments/measured-model.js';
import { machineMemory } from '../../federation/plan/node/machine-memory.js';
import { chosenMetrics, chosenMetricsProblem, classMetricsProblem } from '../../metrics/known-metrics.js';
import { chosenMetricsSchema } from '../../metrics/schemas.js';
import { parseConfiguration } from '../../protocol/configuration/configuration.js';
import { datasetName } from '../../protocol/configuration/dataset-name.js';
import { evaluationReport, evaluationResult } from '../../report/text/evaluation-report.js';
import { sameShape } from '../../tensor/shape.js';
import { widthFor } from '../display/display.js';
import { liveDisplay } from '../display/display-live.js';
import { plainDisplay } from '../display/display-plain.js';
import { isLive } from '../display/terminal.js';
import { networkOption, normalizationOption } from '../flags/model-options.js';
import type { NetworkChoice } from '../flags/network-flag.js';
import { type OpenedModel, openModel } from '../flags/open-model.js';
import { skipDamagedOption } from '../flags/picture-flags.js';
import { settingsOfRun } from '../flags/settings-of-run.js';
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
  readonly metrics?: readonly string[];
  readonly bootstrap?: number;
  readonly json?: string;
  readonly workers?: number;
}

export function addEvaluate(program: Command): void {
  program
    .command('evaluate')
    .description(
      'Measure a model on the test images of a data set: accuracy, loss, the accuracy of each class, and which class is mistaken for which.',
    )
    .argument('<model>', 'a safetensors file')
    .option(
      '--dataset <name|dir>',
      'fashion-mnist, or a folder; the data set that the model was trained on by default',
    )
    .option('--data <dir>', 'the same: where the data set lies now, if it was moved')
    .option('--data-dir <dir>', 'the folder of Fashion-MNIST’s four files')
    .addOption(networkOption())
    .addOption(normalizationOption())
    .addOption(skipDamagedOption())
    .option(
      '--metrics <names>',
      'what to measure, such as auroc,f1-macro; by default what the run beside the model is measured by',
      (text: string) => text.split(',').map((name) => name.trim()),
    )
    .option(
      '--bootstrap <n>',
      'give 95% intervals, from so many draws of the images',
      wholeNumber('--bootstrap', 2, 10_000),
    )
    .option('--json <file>', 'write the result as JSON')
    .option('--workers <n>', 'number of threads; one per core by default', wholeNumber('--workers', 1, 256))
    .addHelpText(
      'after',
      `
Examples:
  commonweight evaluate runs/v/model.safetensors
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

async function evaluate(path: string, flags: EvaluateFlags): Promise<void> {
  const { json, dataDir, network, normalization, skipDamaged } = flags;
  if (json !== undefined) await checkFolderOf('--json', json);
  const output = process.stdout;
  const display = (isLive(output) ? liveDisplay : plainDisplay)({ output });
  const { signal, stop } = watchInterrupts();
  try {
    const described = network === undefined ? await openModel(path, {}) : undefined;
    const given = flags.dataset ?? flags.data;
    const dataset = given ?? (described?.dataset && (await whereItLies(path, described.dataset)));
    if (dataset === undefined) {
      throw new UsageError(`"${path}" does not say what it was trained on`, {
        hint: 'name the data with --dataset: fashion-mnist, or a folder',
      });
    }
    const { onData, onNotice } = display;
    const options = {
      ...{ dataDir, skipDamaged, onProgress: onData, onNotice, signal },
      paging: pagingIn(machineMemory().bytes),
      ...(described && sizeFor(described)),
    };
    const loading = given === undefined && dataset === SITES ? sitesOfRun : testOf;
    const loaded = await orSayMoved(loading(path, dataset, options), given);
    const { channels, height, width } = loaded.test;
    const model =
      described ?? (await openModel(path, { network, normalization, imageShape: [channels, height, width] }));
    const test = inOrderOf(model.classNames, loaded.test);
    checkFits(model, test, path, dataset);
    const classes = model.classNames.length;
    const names = await metricsFor(path, flags.metrics, classes);
    const measured = { ...model, task: classification({ classes, metrics: names }) };
    const { metrics, intervals } = await measureModel(measured, test, {
      ...{ workers: flags.workers ?? availableParallelism(), signal, resamples: flags.bootstrap },
    });
    closeDatasets(loaded.train, loaded.test);
    const part = loaded.isWhole ? 'whole' : 'test';
    const result = evaluationResult(path, dataset, test.classNames, metrics, part, {
      chosen: chosenMetrics('classification', names),
      ...(intervals && { intervals, resamples: flags.bootstrap }),
    });
    if (json !== undefined) await writeJson('--json', json, result);
    display.close();
    output.write(`${evaluationReport(result, widthFor(output))}\n`);
  } catch (error) {
    throw signal.aborted ? new Interrupted('interrupted') : error;
  } finally {
    stop();
    display.close();
  }
}

/** Of what its run has trained on, a part was held out; another folder is all for this. */
const testOf = async (path: string, dataset: string, options: LoadDataOptions): Promise<LoadedPictures> =>
  loadDataset(dataset, { ...options, wanted: (await isTrainedOn(path, dataset)) ? 'both' : 'test' });

/** What the sites of its run have for the test, together. */
async function sitesOfRun(path: string, _: string, options: LoadDataOptions): Promise<LoadedPictures> {
  const run = parseConfiguration(await settingsOfRun(path), path);
  const { train, test } = await loadDataOf({ ...run, imageSize: undefined }, options);
  return { train: labelledPictures(train), test: labelledPictures(test), isWhole: false };
}

/** Pictures are brought to the model's own size, as in training. */
function sizeFor({ imageShape, imageFit }: OpenedModel): PictureFolderOptions {
  const [channels, height, width] = imageShape;
  return { ...((channels === 1 || channels === 3) && { channels }), height, width, fit: imageFit };
}

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
