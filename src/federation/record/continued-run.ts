/**
 * Says which settings may change when a run is resumed: more rounds, and the place of its data.
 * More rounds are a fact of the run, since a learning rate that follows the rounds is another from
 * then on. Node only.
 */
import type { Configuration } from '../../protocol/configuration/configuration.js';
import type { RunState } from '../rounds/round.js';
import type { RunStore } from '../rounds/run-store.js';

/** Of a run's folder. */
export interface ConfigurationKeeper {
  /**
   * What an earlier start was told, which may differ in what `asBefore` says; undefined at the
   * first.
   */
  readonly earlier: Configuration | undefined;
  keepConfiguration(configuration: Configuration): Promise<void>;
}

/** The configuration as it was, in what may differ. */
export function asBefore(earlier: Configuration, now: Configuration): Configuration {
  const { shareLabelCounts, rounds, dataset } = earlier;
  return {
    ...now,
    // What is told about the data does not make it another run.
    shareLabelCounts,
    rounds: Math.min(now.rounds, rounds),
    // Whether they are the same data is asked of the data (run-data.ts).
    dataset: dataset === 'none' || now.dataset === 'none' ? now.dataset : dataset,
  };
}

/** Records the new settings, where there are any; what is in the journal counts on. */
export async function continueRun(
  folder: Pick<RunStore, 'append'> & ConfigurationKeeper,
  now: Configuration,
  { rounds }: RunState,
): Promise<void> {
  const { earlier } = folder;
  if (earlier === undefined) return;
  if (now.rounds > earlier.rounds)
    await folder.append({ type: 'rounds-raised', round: rounds.length, rounds: now.rounds });
  if (now.rounds > earlier.rounds || now.dataset !== earlier.dataset) await folder.keepConfiguration(now);
}

/** Whether what is done in a round depends on how many there are in all. */
export const followsRounds = ({ schedule, correction, evaluateEvery = 1 }: Configuration): boolean =>
  schedule.name !== 'constant' ||
  (correction?.until !== undefined && correction.until < 1) ||
  evaluateEvery > 1;
