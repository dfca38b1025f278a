/**
 * The context of a request in the hub's routes: Node's own request and response, and the variables
 * that middleware sets. Node only.
 */
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';

export interface HubEnvironment {
  readonly Bindings: HttpBindings;
  /** The address of the peer, kept here because a closed socket no longer has it. */
  readonly Variables: { readonly address: string | undefined };
}

/** The context after `Access.participant`. */
export interface ParticipantEnvironment extends HubEnvironment {
  readonly Variables: HubEnvironment['Variables'] & { readonly participant: string };
}

export type HubContext = Context<HubEnvironment>;
export type ParticipantContext = Context<ParticipantEnvironment>;
