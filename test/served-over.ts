/**
 * A federation of programs over a real hub or a real NATS server, all of it in this process: the
 * coordinator and its participants are handed data, network and task by arguments.
 */
import { join } from 'node:path';
import {
  type Opening,
  type ServeOptions,
  serveFederation,
} from '../src/federation/coordinator/serve-federation.js';
import { type JoinOptions, joinFederation } from '../src/federation/participant/node/join-federation.js';
import type { TakePartOutcome } from '../src/federation/participant/take-part.js';
import type { ConfigurationInput } from '../src/protocol/configuration/configuration.js';
import { joinHub } from '../src/transport/hub/client/node/join-hub.js';
import { openTokens } from '../src/transport/hub/server/guard/tokens.js';
import { openHub } from '../src/transport/hub/server/hub.js';
import { openNatsCoordinator } from '../src/transport/nats/coordinator/coordinator.js';
import type { NatsLead } from '../src/transport/nats/coordinator/lead.js';
import { takeLead } from '../src/transport/nats/coordinator/take-lead.js';
import { joinNats } from '../src/transport/nats/participant/participant.js';
import type { RunOperator } from '../src/transport/run-operator.js';
import type { CoordinatorEnd, ParticipantEnd } from '../src/transport/transport.js';
import { type HubWatcher, watchHub } from './watch-hub.js';

/** How the ends of a federation find each other. */
export interface Way {
  readonly lead?: ServeOptions['lead'];
  open(opening: Opening): Promise<CoordinatorEnd>;
  join(name: string, coordinatorKey: string): Promise<ParticipantEnd>;
  /** Somebody who watches; only a hub shows a run. */
  watch?(): Promise<HubWatcher>;
}

export async function overHub(folder: string): Promise<Way> {
  const tokens = await openTokens(join(folder, 'tokens.json'));
  let url = '';
  return {
    async open({ handlers, blobs, folder: run, operator, view }) {
      const uploadsFolder = join(run, 'uploads');
      const hub = await openHub(handlers, { blobs, tokens, uploadsFolder, operator, view });
      url = hub.url;
      return hub;
    },
    async join(name, coordinatorKey) {
      return joinHub(url, { token: await tokens.issue({ role: 'participant', name }), coordinatorKey });
    },
    watch: async () => watchHub(url, await tokens.issue({ role: 'observer' }), { round: 1, log: 0 }),
  };
}

/** @param server its URL; models and updates go over it, too */
export function overNats(server: string): Way {
  let lead: NatsLead | undefined;
  return {
    async lead({ signer, lastEpoch }) {
      lead = await takeLead(server, signer, { lastEpoch });
      return lead;
    },
    open: ({ handlers, blobs, modelBytes }) =>
      openNatsCoordinator(handlers, lead as NatsLead, { blobs, maximumBlobBytes: modelBytes }),
    join: (name, coordinatorKey) => joinNats(server, { name, coordinatorKey, retryMs: 500 }),
  };
}

/** What a test does meanwhile. */
export interface ServedRun {
  readonly operator: RunOperator;
  readonly way: Way;
  /**
   * @param name of a participant, which may take part from several folders one after the other
   * @returns what becomes of it: an error where it ends with one
   */
  join(name: string, options: JoinOptions): Promise<TakePartOutcome | Error>;
  /** The bare end of a participant, which may say anything. To be closed. */
  enter(name: string): Promise<ParticipantEnd>;
}

/**
 * @param begin called once it can be reached
 * @param own what the coordinator brings
 */
export async function servedOver(
  way: Way,
  folder: string,
  configuration: ConfigurationInput,
  own: Omit<ServeOptions, 'out' | 'open'>,
  begin: (run: ServedRun) => void,
) {
  const out = join(folder, 'served');
  const { lead } = way;
  const { result } = await serveFederation(configuration, {
    ...{ workers: 1, ...own, out },
    ...(lead && { lead }),
    async open(opening) {
      const end = await way.open(opening);
      const { key } = opening.handlers.signer;
      begin({
        ...{ operator: opening.operator, way, enter: (name) => way.join(name, key) },
        async join(name, options) {
          const participant = await way.join(name, key);
          try {
            return await joinFederation(participant, name, { folder: join(folder, name), ...options });
          } catch (error) {
            return error as Error;
          } finally {
            await participant.close();
          }
        },
      });
      return end;
    },
  });
  return { result, out };
}
