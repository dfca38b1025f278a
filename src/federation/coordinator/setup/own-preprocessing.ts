/**
 * Decides that the numbers of a table are prepared by a survey before round 1, unless the settings
 * give constants, or a model to start from has them. The decision becomes a part of the
 * configuration, so that the run folder, a replay and participants elsewhere know it.
 */
import type { DataFacts } from '../../../data/dataset.js';
import { preprocessingSchema } from '../../../data/survey/settings.js';
import type { Configuration } from '../../../protocol/configuration/configuration.js';
import { isPreprocessConstant } from '../../methods/made-constants.js';
import { hasNumberFeatures } from '../../methods/preprocessing.js';

export function withOwnPreprocessing(configuration: Configuration, facts: DataFacts): Configuration {
  const { preprocessing, constants = {}, initialModel } = configuration;
  const isGiven = initialModel !== undefined || Object.keys(constants).some(isPreprocessConstant);
  if (preprocessing !== undefined || isGiven || !hasNumberFeatures(facts)) return configuration;
  return { ...configuration, preprocessing: preprocessingSchema.parse({}) };
}
