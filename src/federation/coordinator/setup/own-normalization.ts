/**
 * Normalizes the pixels of a data set of your own, unless the settings say how, by the mean and the
 * deviation of its training images. From then on it is a fact of the run: folder, plan and model
 * contain it, and a resumed run keeps it.
 */
import type { Dataset } from '../../../data/dataset.js';
import { asImages } from '../../../data/images/image-dataset.js';
import { annotationsOf } from '../../../data/images/labels/label-settings.js';
import { datasetNames } from '../../../data/images/node/load-dataset.js';
import { pixelStatistics } from '../../../data/images/pixel-statistics.js';
import type { Configuration, ConfigurationInput } from '../../../protocol/configuration/configuration.js';
import { earlierConfiguration } from '../../record/run-folder.js';

/**
 * The configuration with that normalization.
 * @param input as it was given; a known data set by its name, or one without images, has the
 * default of the schema
 * @param out the folder of the run
 */
export async function withOwnNormalization(
  configuration: Configuration,
  input: Pick<ConfigurationInput, 'normalization'>,
  train: Dataset,
  out?: string,
  onNotice?: (notice: string) => void,
): Promise<Configuration> {
  if (input.normalization !== undefined || datasetNames.includes(configuration.dataset)) return configuration;
  if (!isOfPictures(configuration, train) || train.examples === 0) return configuration;
  const earlier = out === undefined ? undefined : await earlierConfiguration(out);
  const normalization = earlier?.normalization ?? pixelStatistics(train);
  const { mean, deviation } = normalization;
  const origin = earlier === undefined ? `those of ${train.examples} images` : 'as before';
  onNotice?.(
    `data: pixels are normalized by mean ${mean.join(', ')} and deviation ${deviation.join(', ')}, ${origin}`,
  );
  return { ...configuration, normalization };
}

/** A folder's pictures, or a program's. Those of arrays are taken as they are. */
const isOfPictures = ({ data }: Configuration, train: Dataset) =>
  annotationsOf(data) !== undefined || asImages(train) !== undefined;
