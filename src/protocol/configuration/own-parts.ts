/**
 * Which settings leave a part of the model with each participant: tensors (`share`), or the
 * statistics by which it prepares numbers (`preprocessing.statistics`).
 */
import type { Configuration } from './configuration.js';

/** Whether each participant prepares its numbers by statistics of its own rows. */
export const hasSiteStatistics = ({ preprocessing }: Pick<Configuration, 'preprocessing'>): boolean =>
  preprocessing?.statistics === 'site';

/** Whether each participant has a model of its own, of which the merged one is a part. */
export const hasOwnParts = (configuration: Pick<Configuration, 'share' | 'preprocessing'>): boolean =>
  configuration.share !== undefined || hasSiteStatistics(configuration);
