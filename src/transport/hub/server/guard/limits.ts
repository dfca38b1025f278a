/** The limits of a hub, in all and for each client. */
import { LONGEST_HEARTBEAT_MS } from '../../../../protocol/heartbeat.js';
import { LONGEST_TIMER_MS } from '../../../timer.js';

export interface HubLimits {
  /** Connections in all; one more is closed at once. */
  readonly connections: number;
  /**
   * Connections that have not shown a valid token (yet). When there is one more, the oldest is cut.
   */
  readonly strangers: number;
  /** The same from one address. */
  readonly strangersPerAddress: number;
  /** Connections of one token. */
  readonly connectionsPerToken: number;
  /** The bytes of one blob. */
  readonly blobBytes: number;
  /**
   * The bytes of all blobs that a participant has uploaded, whole or in part, and not announced
   * yet. The oldest makes room for a new one.
   */
  readonly pendingBytes: number;
  readonly pendingBlobs: number;
  /** Uploads and downloads of one participant at once. */
  readonly transfers: number;
  /** Uploads and downloads of all participants at once. */
  readonly transfersInAll: number;
  /** The bytes of one message. */
  readonly frameBytes: number;
  /** Messages of one participant, on average; as many as in four seconds may come at once. */
  readonly framesPerSecond: number;
  /** The bytes of messages that wait for a participant that does not read them. */
  readonly unreadBytes: number;
  /** The time for all headers of a request, or for the TLS handshake. */
  readonly headersMs: number;
  /** The interval in which a transfer must move `stallBytes`, or it is ended. */
  readonly stallMs: number;
  readonly stallBytes: number;
  /** The interval of pings to all clients. A client that is silent for three of them is gone. */
  readonly heartbeatMs: number;
  /**
   * The time in which a participant must answer, when its token also comes from another address.
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

/** The limits with times that a timer can wait; a longer one would fire at once. */
export const timely = (limits: HubLimits): HubLimits => ({
  ...limits,
  headersMs: Math.min(limits.headersMs, LONGEST_TIMER_MS),
  stallMs: Math.min(limits.stallMs, LONGEST_TIMER_MS),
  heartbeatMs: Math.min(limits.heartbeatMs, LONGEST_HEARTBEAT_MS),
});
