/** In which rounds a correction of local training is at work. */
import type { Configuration } from '../../protocol/configuration/configuration.js';

/**
 * Whether it is in a round; `until` is the last such round, or the part of the run that has them.
 */
export function isCorrected(
  { until = Infinity }: NonNullable<Configuration['correction']>,
  round: number,
  rounds: number,
): boolean {
  return round <= (until < 1 ? until * rounds : until);
}
