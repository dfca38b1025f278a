/** A federation over a real hub whose participants all take part from the beginning. */
import type { ServeOptions } from '../src/federation/coordinator/serve-federation.js';
import type { JoinOptions } from '../src/federation/participant/node/join-federation.js';
import type { TakePartOutcome } from '../src/federation/participant/take-part.js';
import type { ConfigurationInput } from '../src/protocol/configuration/configuration.js';
import { overHub, servedOver } from './served-over.js';

/**
 * @param joining what each participant brings, by its name
 * @returns what became of the run, and of each participant: an error where it ended with one
 */
export async function servedOverHub(
  folder: string,
  configuration: ConfigurationInput,
  own: Omit<ServeOptions, 'out' | 'open'>,
  joining: Readonly<Record<string, JoinOptions>>,
  onOutcome?: (outcome: TakePartOutcome | Error) => void,
) {
  const outcomes: Promise<TakePartOutcome | Error>[] = [];
  const served = await servedOver(await overHub(folder), folder, configuration, own, ({ join }) => {
    for (const [name, options] of Object.entries(joining)) {
      const taking = join(name, options);
      outcomes.push(taking);
      void taking.then(onOutcome);
    }
  });
  return { ...served, outcomes: await Promise.all(outcomes) };
}
