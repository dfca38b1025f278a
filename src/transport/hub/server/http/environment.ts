/**
 * What the routes of a hub know about a request: Node's own request and response, and what
 * middleware has found out. Node only.
 */
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';

export interface HubEnvironment {
  readonly Bindings: HttpBindings;
  /** Of the peer: a socket that is gone does not know it any more. */
  readonly Variables: { readonly address: string | undefined };
}

/** Behind `Access.participant`. */
export interface ParticipantEnvironment extends HubEnvironment {
  readonly Variables: HubEnvironment['Variables'] & { readonly participant: string };
}

export type HubContext = Context<HubEnvironment>;
export type ParticipantContext = Context<ParticipantEnvironment>;
