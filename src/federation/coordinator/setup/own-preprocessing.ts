/**
 * Prepares the numbers of a table by statistics of the participants' training rows, unless the
 * settings give constants, or a model to start from has them. The constants become a part of the
 * configuration: the run folder keeps them, and a replay takes them from there. They follow from
 * data and settings alone, so a run that is resumed has the same.
 */
import type { Dataset } from '../../../data/dataset.js';
import type { Share } from '../../../data/partition/partition.js';
import { preprocessingSchema } from '../../../data/survey/settings.js';
import { PREPROCESS } from '../../../engine/nn/layers/preprocess.js';
import { type Configuration, ConfigurationError } from '../../../protocol/configuration/configuration.js';
import { hasNumberFeatures, surveyedConstants } from '../../methods/preprocessing.js';

/**
 * @param source the name of the configuration in errors
 * @throws ConfigurationError when it sets how numbers are prepared that the data do not have
 */
export function withOwnPreprocessing(
  configuration: Configuration,
  train: Dataset,
  shares: readonly Share[],
  source: string,
): Configuration {
  const { preprocessing, constants = {}, initialModel } = configuration;
  const given = Object.keys(constants).find((name) => name.startsWith(`${PREPROCESS}.`));
  const has = hasNumberFeatures(train);
  if (preprocessing !== undefined && !has) {
    throw new ConfigurationError(
      `${source}: "preprocessing" is given, but the data have ${train.inputs.map(({ name }) => name).join(', ')}, expected numbers of a table`,
      { hint: 'leave "preprocessing" out' },
    );
  }
  if (!has || given !== undefined || initialModel !== undefined) return configuration;
  const settings = preprocessing ?? preprocessingSchema.parse({});
  const surveyed = Object.entries(surveyedConstants(train, shares, settings));
  const own = Object.fromEntries(surveyed.map(([name, values]) => [name, [...values]]));
  return { ...configuration, constants: { ...constants, ...own } };
}
