/**
 * A federation over a real hub, all of it in this process: the coordinator and its participants are
 * handed data, network and task by arguments, as programs do.
 */
import { join } from 'node:path';
import { type ServeOptions, serveFederation } from '../src/federation/coordinator/serve-federation.js';
import { type JoinOptions, joinFederation } from '../src/federation/participant/node/join-federation.js';
import type { TakePartOutcome } from '../src/federation/participant/take-part.js';
import type { ConfigurationInput } from '../src/protocol/configuration/configuration.js';
import { joinHub } from '../src/transport/hub/client/node/join-hub.js';
import { openTokens } from '../src/transport/hub/server/guard/tokens.js';
import { openHub } from '../src/transport/hub/server/hub.js';

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
  const tokens = await openTokens(join(folder, 'tokens.json'));
  const participate = async (
    url: string,
    coordinatorKey: string,
    name: string,
    options: JoinOptions,
  ): Promise<TakePartOutcome | Error> => {
    const token = await tokens.issue({ role: 'participant', name });
    const end = await joinHub(url, { token, coordinatorKey });
    try {
      return await joinFederation(end, name, { folder: join(folder, name), ...options });
    } catch (error) {
      return error as Error;
    } finally {
      await end.close();
    }
  };
  const outcomes: Promise<TakePartOutcome | Error>[] = [];
  const out = join(folder, 'served');
  const serving = serveFederation(configuration, {
    ...{ workers: 1, ...own, out },
    async open({ handlers, blobs, folder: run, operator, view }) {
      const uploadsFolder = join(run, 'uploads');
      const hub = await openHub(handlers, { blobs, tokens, uploadsFolder, operator, view });
      for (const [name, options] of Object.entries(joining)) {
        const taking = participate(hub.url, handlers.signer.key, name, options);
        outcomes.push(taking);
        void taking.then(onOutcome);
      }
      return hub;
    },
  });
  const { result } = await serving;
  return { result, outcomes: await Promise.all(outcomes), out };
}
