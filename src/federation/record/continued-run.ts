/**
 * Says which settings may change when a run is resumed: the number of rounds may grow, and the data
 * may lie elsewhere. More rounds are a fact of the run, since they may change the learning rate.
 * Node only.
 */
import { type DataSettings, sitesOf, testFileOf } from '../../data/settings.js';
import type { Configuration } from '../../protocol/configuration/configuration.js';
import type { RunState } from '../rounds/round.js';
import type { RunStore } from '../rounds/run-store.js';

/** The part of a run folder that keeps the configuration. */
export interface ConfigurationKeeper {
  /**
   * The configuration of an earlier start, which may differ in the fields of `asBefore`; undefined
   * at the first start.
   */
  readonly earlier: Configuration | undefined;
  keepConfiguration(configuration: Configuration): Promise<void>;
}

/** The new configuration, with the earlier values of the fields that may differ. */
export function asBefore(earlier: Configuration, now: Configuration): Configuration {
  const { shareLabelCounts, rounds, dataset, data } = earlier;
  return {
    ...now,
    // Sharing counts of categories does not make another run.
    shareLabelCounts,
    rounds: Math.min(now.rounds, rounds),
    // run-data.ts compares the data themselves.
    dataset: dataset === 'none' || now.dataset === 'none' ? now.dataset : dataset,
    ...(now.data && { data: movedData(now.data, data) }),
  };
}

/** The data, where those of the earlier start lay. */
function movedData(now: DataSettings, earlier: DataSettings | undefined): DataSettings {
  const [sites, test] = [sitesOf(now) && sitesOf(earlier), testFileOf(now) && testFileOf(earlier)];
  return { ...now, ...(sites && { sites: [...sites] }), ...(test && { test }) } as DataSettings;
}

/** Records the new settings, if there are any. The journal stays valid. */
export async function continueRun(
  folder: Pick<RunStore, 'append'> & ConfigurationKeeper,
  now: Configuration,
  { rounds }: RunState,
): Promise<void> {
  const { earlier } = folder;
  if (earlier === undefined) return;
  if (now.rounds > earlier.rounds)
    await folder.append({ type: 'rounds-raised', round: rounds.length, rounds: now.rounds });
  const places = ({ dataset, data }: Configuration) =>
    [dataset, ...(data?.sites ?? []), testFileOf(data) ?? ''].join('\n');
  if (now.rounds > earlier.rounds || places(now) !== places(earlier)) await folder.keepConfiguration(now);
}

/** Whether the work of a round depends on the number of all rounds. */
export const followsRounds = ({ schedule, correction, evaluateEvery = 1 }: Configuration): boolean =>
  schedule.name !== 'constant' ||
  (correction?.until !== undefined && correction.until < 1) ||
  evaluateEvery > 1;
