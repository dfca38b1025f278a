/**
 * Connects a page to the hub of a federation and compiles the description, before any data are
 * read.
 */
import { hasDemonstration } from '../../../federation/participant/demonstration-share.js';
import { TAB_MEMORY } from '../../../federation/plan/demands.js';
import { compileDescription } from '../../../federation/plan/description.js';
import type { HubParticipant } from '../../../transport/hub/client/hub-participant.js';
import { joinHubFromPage } from '../../../transport/hub/client/page/join-hub-from-page.js';
import type { FederationFacts, PageCommand, WorkerEvent } from '../state/messages.js';
import { federationFacts } from './federation-facts.js';
import { requireNoProgram } from './needs-a-program.js';
import { wantedData } from './shown/wanted-data.js';

/** The connection, once the hub has answered. */
export interface PageConnection {
  readonly end: HubParticipant;
  readonly url: string;
  readonly token: string;
}

export async function connect(
  { url, token, coordinatorKey }: PageCommand & { type: 'open' },
  post: (event: WorkerEvent) => void,
): Promise<PageConnection> {
  const end = await joinHubFromPage(url, {
    ...{ token, coordinatorKey },
    onLeftOut: (notice) => post({ type: 'notice', notice }),
    onTrouble: (message) => post({ type: 'trouble', message }),
    onConnected: () => post({ type: 'connected' }),
  });
  return { end, url, token };
}

/** @throws CommonweightError when this tab cannot carry out the federation's work */
export async function factsOfFederation({
  participant,
  description,
}: Pick<HubParticipant, 'participant' | 'description'>): Promise<FederationFacts> {
  // Refuses other data before anything is compiled or downloaded.
  wantedData(description);
  requireNoProgram(description);
  const compiled = await compileDescription(description, {
    mostMemoryBytes: TAB_MEMORY.bytes,
    memoryHint: TAB_MEMORY.hint,
  });
  return federationFacts(participant, description, compiled, hasDemonstration(description));
}
