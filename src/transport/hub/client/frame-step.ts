/**
 * Decides what a participant does on a frame of its hub, from the frame and the federation that it
 * knows. A pure function: nothing is sent here.
 */
import type { Receipt } from '../../../protocol/announcement.js';
import { type Assignment, assignmentSchema } from '../../../protocol/assignment.js';
import type { Description } from '../../../protocol/description.js';
import { descriptionHash } from '../../../protocol/description-hash.js';
import type { HubFrame, RefusalReason } from '../../../protocol/frames.js';
import { describedSchema } from '../../../protocol/signed.js';
import { PROTOCOL_VERSION } from '../../../protocol/version.js';
import { type CoordinatorVoice, SpoiledError } from '../../coordinator-voice.js';
import { RefusedError, TransportError } from '../../error.js';

export type FrameStep =
  /** The hub has greeted, for the first time or again. */
  | { readonly type: 'greeted'; readonly greeting: Greeting }
  | { readonly type: 'assigned'; readonly assignment: Assignment }
  | { readonly type: 'received'; readonly id: number; readonly receipt: Receipt }
  | { readonly type: 'pong' }
  /** A new connection may work. */
  | { readonly type: 'reconnect'; readonly reason: string }
  | { readonly type: 'end'; readonly error: TransportError }
  /** The frame is ignored. */
  | { readonly type: 'nothing' };

export interface Greeting {
  readonly participant: string;
  readonly heartbeatMs: number;
  /** The public key that signed the description. */
  readonly key: string;
  readonly epoch: number;
  readonly description: Description;
}

const willNotBecomeBetter: ReadonlySet<RefusalReason> = new Set([
  'version',
  'token',
  'role',
  'not-expected',
  'replaced',
  'in-use',
  'bad-frame',
]);

/** @param before the description that the first greeting brought */
export function frameStep(
  frame: HubFrame,
  voice: CoordinatorVoice,
  before: Description | undefined,
): FrameStep {
  switch (frame.type) {
    case 'welcome':
      return stepOnWelcome(frame, voice, before);
    case 'assignment': {
      const assignment = voice.hear(frame.assignment, 'assignment', assignmentSchema);
      const isNews = assignment !== undefined && voice.isCurrent(assignment);
      return isNews ? { type: 'assigned', assignment } : { type: 'nothing' };
    }
    case 'receipt':
      return { type: 'received', id: frame.id, receipt: frame.receipt };
    case 'refused': {
      const { reason, message, hint } = frame;
      if (!willNotBecomeBetter.has(reason)) return { type: 'reconnect', reason: message };
      return { type: 'end', error: new RefusedError(reason, `transport: ${message}`, hint) };
    }
    case 'overview':
      return { type: 'end', error: tokenOfObserver() };
    case 'ping':
      return { type: 'pong' };
  }
}

/**
 * A description that was changed on the way is an error at the start. Later the participant
 * reconnects, since the next connection may bring the right one.
 */
function stepOnWelcome(
  { participant, heartbeatMs, description: signed }: HubFrame & { type: 'welcome' },
  voice: CoordinatorVoice,
  before: Description | undefined,
): FrameStep {
  try {
    const { epoch, description } = voice.meet(signed, 'description', describedSchema);
    const error = otherFederation(description, before);
    if (error !== undefined) return { type: 'end', error };
    return { type: 'greeted', greeting: { participant, heartbeatMs, key: signed.key, epoch, description } };
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    if (before === undefined || !(error instanceof SpoiledError)) return { type: 'end', error };
    return { type: 'reconnect', reason: error.message };
  }
}

/**
 * The error if the participant cannot take part in this federation, or it is not the same as
 * before.
 */
function otherFederation(now: Description, before: Description | undefined): TransportError | undefined {
  if (now.protocol !== PROTOCOL_VERSION) {
    return new TransportError(
      `transport: the hub speaks version ${now.protocol} of the protocol, expected ${PROTOCOL_VERSION}`,
      { hint: 'use one version of commonweight everywhere' },
    );
  }
  const joinAgain = { hint: 'join again', transient: true };
  if (before !== undefined && before.job !== now.job) {
    return new TransportError(
      `transport: the hub has another federation now: ${now.job}, it was ${before.job}`,
      joinAgain,
    );
  }
  if (before !== undefined && roundsOf(before) !== roundsOf(now)) {
    return new TransportError(
      `transport: the run goes on to round ${roundsOf(now)} now, it was to end with round ${roundsOf(before)}`,
      joinAgain,
    );
  }
  const hashes = before && [before, now].map(descriptionHash);
  if (hashes !== undefined && hashes[0] !== hashes[1]) {
    return new TransportError(
      `transport: the description of the federation has the SHA-256 ${hashes[1]} now, it was ${hashes[0]}`,
      joinAgain,
    );
  }
  return undefined;
}

const roundsOf = ({ configuration }: Description) => configuration.rounds;

const tokenOfObserver = () =>
  new RefusedError(
    'role',
    'transport: the token is that of an observer or operator, expected one of a participant',
    'ask the operator for a token of a participant; this one shows the run, by the link without "join"',
  );
