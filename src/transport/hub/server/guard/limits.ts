/** The limits of a hub: how much of it each client may use. */
import { LONGEST_HEARTBEAT_MS } from '../../../../protocol/heartbeat.js';
import { LONGEST_TIMER_MS } from '../../../timer.js';

export interface HubLimits {
  /** Connections in all; one more is closed at once. */
  readonly connections: number;
  /** Connections that have not shown a valid token (yet): of one more, the oldest goes. */
  readonly strangers: number;
  /** Of them from one address. */
  readonly strangersPerAddress: number;
  /** Connections by which one token has come. */
  readonly connectionsPerToken: number;
  /** Of one blob. */
  readonly blobBytes: number;
  /**
   * Of all that a participant has uploaded, whole or in part, and not announced yet. The oldest
   * makes room for what is new.
   */
  readonly pendingBytes: number;
  readonly pendingBlobs: number;
  /** Uploads and downloads of one participant at once. */
  readonly transfers: number;
  /** Uploads and downloads of all participants at once. */
  readonly transfersInAll: number;
  /** Of one message. */
  readonly frameBytes: number;
  /** Messages of one participant, on average; as many as in four seconds may come at once. */
  readonly framesPerSecond: number;
  /** Of messages that wait for a participant who does not read them. */
  readonly unreadBytes: number;
  /**
   * Until a connection has said what it wants, all headers of a request included, or the handshake
   * of TLS is done.
   */
  readonly headersMs: number;
  /** So often a transfer is looked at: it has moved `stallBytes` meanwhile, or is ended. */
  readonly stallMs: number;
  readonly stallBytes: number;
  /** So often everybody is sent a ping; who is silent for three of them is gone. */
  readonly heartbeatMs: number;
  /**
   * A participant that is asked whether it is there, since its token comes from another address
   * too, answers in this time.
   */
  readonly answerMs: number;
}

export const defaultLimits: HubLimits = {
  connections: 4096,
  strangers: 1024,
  strangersPerAddress: 256,
  connectionsPerToken: 64,
  blobBytes: 2 ** 31,
  pendingBytes: 2 ** 33,
  pendingBlobs: 64,
  transfers: 8,
  transfersInAll: 2048,
  frameBytes: 2 ** 18,
  framesPerSecond: 50,
  unreadBytes: 2 ** 21,
  headersMs: 10_000,
  stallMs: 30_000,
  stallBytes: 2 ** 14,
  heartbeatMs: 15_000,
  answerMs: 5000,
};

/** Limits that a program has set to wait for ever: no timer can, and would be over at once. */
export const timely = (limits: HubLimits): HubLimits => ({
  ...limits,
  headersMs: Math.min(limits.headersMs, LONGEST_TIMER_MS),
  stallMs: Math.min(limits.stallMs, LONGEST_TIMER_MS),
  heartbeatMs: Math.min(limits.heartbeatMs, LONGEST_HEARTBEAT_MS),
});
