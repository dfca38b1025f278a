/**
 * The pictures with labels or masks on which a model is measured: a folder of one's own, or those
 * that its run held out.
 */
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type DataFacts, describeMeant, type TrainTestSplit } from '../../data/dataset.js';
import {
  type AnnotationSettings,
  annotationsOf,
  labelSpec,
} from '../../data/images/labels/label-settings.js';
import { loadAnnotated } from '../../data/images/labels/node/load-annotated.js';
import type { MaybeWhole } from '../../data/images/node/surveyed-pictures.js';
import { inputSizeOf } from '../../data/images/picture-facts.js';
import { type LoadDataOptions, loadRecordedData } from '../../data/node/load-data.js';
import { dataSchema, SITES } from '../../data/settings.js';
import { parseConfiguration } from '../../protocol/configuration/configuration.js';
import { UsageError } from '../terminal/error.js';
import type { OpenedDataModel } from './open-data-model.js';
import { settingsOfRun } from './settings-of-run.js';

/** Where the labels or masks of a run's pictures are; undefined if it had none, or is not there. */
export async function annotationsOfRun(model: string): Promise<AnnotationSettings | undefined> {
  return annotationsOf(dataSchema.safeParse((await settingsOfRun(model))?.data).data);
}

/**
 * The labels by which the pictures of a folder are read: those that a flag names, or those of the
 * run, if the folder has their table.
 */
export async function labelsOfFolder(
  model: string,
  folder: string,
  flag: string | undefined,
): Promise<AnnotationSettings | undefined> {
  if (flag !== undefined) return { labels: flag };
  const { labels } = (await annotationsOfRun(model)) ?? {};
  if (labels === undefined) return undefined;
  const found = await stat(join(folder, labelSpec(labels).file)).catch(() => undefined);
  return found === undefined ? undefined : { labels };
}

export interface MeasuredPictures {
  readonly split: TrainTestSplit;
  readonly name: string;
  readonly part: 'test' | 'whole';
}

export interface MeasuredPicturesFlags {
  readonly dataset?: string | undefined;
  readonly data?: string | undefined;
  readonly skipDamaged?: true | undefined;
}

/**
 * @param path the file of the model
 * @throws UsageError when its settings are not beside it, or say of no test pictures
 */
export async function measuredPictures(
  path: string,
  { facts, imageFit: fit }: OpenedDataModel,
  { dataset, data, skipDamaged }: MeasuredPicturesFlags,
  options: LoadDataOptions,
): Promise<MeasuredPictures> {
  const annotations = await annotationsOfRun(path);
  if (annotations === undefined) {
    throw new UsageError(`"${path}" does not say where labels or masks of pictures are`, {
      hint: 'the settings beside it do: leave it in the folder of its run (configuration.yaml) or of join (description.json)',
    });
  }
  const size = { ...inputSizeOf(facts.inputs[0]?.shape ?? []), fit };
  const { split, name } =
    (await picturesOfRun(path, { dataset, data }, { ...options, ...size })) ??
    (await picturesOfFolder(path, dataset, annotations, { ...options, ...size, skipDamaged }));
  const targets = (of: DataFacts) => of.targets.map(describeMeant).join(', ');
  if (targets(split.test) !== targets(facts)) {
    throw new UsageError(
      `"${path}" predicts ${targets(facts)}, but the pictures of "${name}" have ${targets(split.test)}`,
    );
  }
  return { split, name, part: split.isWhole ? 'whole' : 'test' };
}

type NamedPictures = Pick<MeasuredPictures, 'name'> & {
  readonly split: TrainTestSplit & Partial<MaybeWhole>;
};

/** Those that its run held out; undefined if the run is not here, or another folder is named. */
async function picturesOfRun(
  path: string,
  { dataset, data }: MeasuredPicturesFlags,
  options: LoadDataOptions,
): Promise<NamedPictures | undefined> {
  const settings = await settingsOfRun(path);
  if (settings?.dataset === undefined) return undefined;
  const run = parseConfiguration(settings, path);
  if (dataset !== undefined && resolve(dataset) !== resolve(run.dataset)) return undefined;
  if (run.dataset === 'none') {
    throw new UsageError(`the run of "${path}" had no test pictures`, {
      hint: 'name a folder with --dataset',
    });
  }
  const name = dataset ?? (run.dataset === SITES ? run.dataset : (data ?? run.dataset));
  return { split: await loadRecordedData({ ...run, imageSize: undefined }, data, options), name };
}

async function picturesOfFolder(
  path: string,
  folder: string | undefined,
  annotations: AnnotationSettings,
  options: LoadDataOptions,
): Promise<NamedPictures> {
  if (folder === undefined) {
    throw new UsageError(`"${path}" does not say where its pictures are`, {
      hint: 'name a folder with --dataset',
    });
  }
  return { split: await loadAnnotated(folder, annotations, { ...options, wanted: 'test' }), name: folder };
}
