/**
 * The connections of all participants, one for each (`places.ts` decides which). A process that
 * loses its place is told, so that two living processes with one token do not push each other out
 * for ever. Node only.
 */
import type { WebSocket } from 'ws';
import type { Assignment } from '../../../../protocol/assignment.js';
import { type HubFrame, type ParticipantFrame, participantFrameSchema } from '../../../../protocol/frames.js';
import type { Signed } from '../../../../protocol/signed.js';
import type { Log } from '../../../log.js';
import type { SettleClaim } from '../../../pending-blobs.js';
import { type SparingLog, sparingLog } from '../../../sparing-log.js';
import type { SigningHandlers } from '../../../transport.js';
import type { HubLimits } from '../guard/limits.js';
import type { HubMetrics } from '../guard/metrics.js';
import type { NoteRefusal } from '../guard/refusal-log.js';
import { type Connection, connection } from './connection.js';
import { intake } from './intake.js';
import { type HubPeer, type Places, places } from './places.js';

export interface Switchboard {
  /**
   * @param address the address from which it comes
   * @param stands whether its token is still valid
   */
  connect(participant: string, socket: WebSocket, address: string | undefined, stands: () => boolean): void;
  /**
   * Ends the connection of a participant without a token. It counts as having left until it joins
   * with another.
   * @throws the error with which the coordinator failed to record it
   */
  dismiss(participant: string, why: string): Promise<void>;
  publish(assignment: Assignment): void;
  /** The current assignment, once there is one. */
  assignment(): Assignment | undefined;
  /** Resolves once every received announcement is recorded or refused. */
  close(): Promise<void>;
}

export interface SwitchboardParts {
  readonly handlers: SigningHandlers;
  /** The signed description, for every new connection. */
  readonly description: Signed;
  readonly limits: HubLimits;
  readonly metrics: HubMetrics;
  readonly log: Log;
  readonly note: NoteRefusal;
  /** Marks blobs as in use. */
  claim(sha256s: readonly string[]): SettleClaim;
}

export function switchboard(parts: SwitchboardParts): Switchboard {
  const { handlers, description, limits, metrics, log, claim } = parts;
  // Lines for each participant: more than the fastest run needs.
  const spare = sparingLog(log, 5, 100);
  const announcements = intake({ handlers, metrics, log, spare, claim });
  const noteArrival = arrivalLog(spare);
  const taken = places({ answerMs: limits.answerMs, onAdmitted: welcome });
  let current: Assignment | undefined;
  /** The frame with the current assignment, as JSON. */
  let saying: string | undefined;
  let closed = false;
  const heartbeat = setInterval(() => beat(taken), limits.heartbeatMs);

  const present = (participant: string, address: string | undefined, is: boolean) => {
    metrics.connected.set(taken.size);
    spare('info', participant, { participant, address }, is ? 'connected' : 'disconnected');
    handlers.onPresence?.(participant, is);
  };

  function welcome(participant: string, line: HubPeer, before: HubPeer | undefined): void {
    const { mine, address } = line;
    before?.mine.refuse(
      'replaced',
      `another process has joined as "${participant}"`,
      'run one process for each participant, each with a token of its own',
    );
    noteArrival(participant, address, before);
    mine.send({ type: 'welcome', participant, description, heartbeatMs: limits.heartbeatMs });
    if (saying !== undefined) mine.sendText(saying);
    if (before === undefined) present(participant, address, true);
  }

  function hear(participant: string, mine: HubPeer['mine'], frame: ParticipantFrame): void {
    // Frames count only once the connection has its place.
    if (taken.of(participant)?.mine !== mine) return;
    if (frame.type === 'announcement') announcements.take(participant, mine, frame);
    else if (frame.type === 'progress') handlers.onProgress?.(participant, frame.progress);
  }

  return {
    connect(participant, socket, address, stands) {
      if (closed) return socket.terminate();
      const line = openLine(participant, { socket, address, stands }, parts, {
        onFrame: (frame) => hear(participant, line.mine, frame),
        onClose() {
          if (taken.leave(participant, line.mine)) present(participant, address, false);
        },
      });
      let gone = false;
      socket.once('close', () => {
        gone = true;
      });
      const isGone = () => gone || closed;
      void taken.admit(participant, line, isGone).then((admitted) => {
        if (closed) line.mine.close();
        else if (!admitted) turnAway(participant, line, taken.of(participant), spare);
      });
    },
    async dismiss(participant, why) {
      const line = taken.of(participant);
      if (line !== undefined) refuse(line.mine, why);
      await announcements.leave(participant, 'its token was revoked');
    },
    publish(assignment) {
      current = assignment;
      if ('round' in assignment) metrics.round.set(assignment.round);
      const signed = handlers.signer.sign('assignment', assignment);
      saying = JSON.stringify({ type: 'assignment', assignment: signed } satisfies HubFrame);
      for (const [, { mine }] of taken.all()) mine.sendText(saying);
    },
    assignment: () => current,
    async close() {
      closed = true;
      clearInterval(heartbeat);
      for (const [, { mine }] of taken.all()) mine.close();
      await announcements.settled();
    },
  };
}

interface LineEvents {
  onFrame(frame: ParticipantFrame): void;
  onClose(): void;
}

/** Opens a connection whose frames are read as long as its token is valid. */
function openLine(
  participant: string,
  { socket, address, stands }: { readonly socket: WebSocket } & Omit<HubPeer, 'mine'>,
  { limits, metrics, note }: SwitchboardParts,
  { onFrame, onClose }: LineEvents,
): HubPeer {
  const speech = { schema: participantFrameSchema, kind: 'message', metrics } as const;
  const mine = connection<ParticipantFrame, HubFrame>(socket, limits, speech, {
    onFrame: (frame) => (stands() ? onFrame(frame) : revoked(participant, mine)),
    onRefused: (reason, message) => note(reason, { participant, address }, message),
    onClose,
  });
  return { mine, address, stands };
}

function beat(taken: Places): void {
  for (const [participant, { mine, stands }] of taken.all()) {
    if (stands()) mine.beat();
    else revoked(participant, mine);
  }
}

const refuse = (line: Connection<HubFrame>, why: string) =>
  line.refuse('token', why, 'ask the operator for a new one');
const revoked = (participant: string, line: Connection<HubFrame>) =>
  refuse(line, `the token of "${participant}" was revoked`);

/** Logs the address of a participant, if it has changed. */
function arrivalLog(spare: SparingLog) {
  /** The last address of each participant. */
  const addresses = new Map<string, string | undefined>();
  return (participant: string, address: string | undefined, replaced: HubPeer | undefined) => {
    const before = replaced === undefined ? addresses.get(participant) : replaced.address;
    const fields = { participant, address, before };
    if (replaced !== undefined) spare('warn', participant, fields, 'replaced by a newer process');
    else if (addresses.has(participant) && before !== address) {
      spare('warn', participant, fields, 'comes from another address than before');
    }
    addresses.set(participant, address);
  };
}

function turnAway(
  participant: string,
  { mine, address }: HubPeer,
  first: HubPeer | undefined,
  spare: SparingLog,
) {
  const fields = { participant, address, answering: first?.address };
  const what = `a second process with the token of "${participant}" was turned away, since the first still answers`;
  spare('error', `${participant} in-use`, fields, `${what}; coordinator.log has both addresses`);
  mine.refuse(
    'in-use',
    `"${participant}" takes part from another address already, and answers there`,
    'end that process first; if it is none of yours, ask the operator for a new token',
  );
}
