/** The rounds in which a correction of local training is on, and what is then never trained. */
import type { Configuration } from '../../protocol/configuration/configuration.js';

/**
 * Whether the correction is on in a round. `until` is the last such round, or the part of the run.
 */
export function isCorrected(
  { until = Infinity }: NonNullable<Configuration['correction']>,
  round: number,
  rounds: number,
): boolean {
  return round <= (until < 1 ? until * rounds : until);
}

/**
 * Says in words that FedBABU never trains the last layer: it is on in every round, and no refit
 * follows. Undefined otherwise.
 */
export function untrainedLayerNotice({
  correction,
  rounds,
  refit,
  share,
}: Pick<Configuration, 'correction' | 'rounds' | 'refit' | 'share'>): string | undefined {
  if (correction?.name !== 'fed-babu' || refit !== undefined) return undefined;
  if (!isCorrected(correction, rounds, rounds)) return undefined;
  // `share` and `refit` exclude each other.
  const instead = share === undefined ? 'take "refit", or end it earlier' : 'end it earlier';
  return `"correction" is "fed-babu" in every round, so the last layer stays as it began: ${instead}, such as by "until": 0.8`;
}
