/**
 * Who is on the line: every participant has one connection, and from one address the latest. A process that was killed comes back
 * before its old connection is known to be dead; were the first to win, it would have to wait for that. The earlier one is told, so
 * that two living processes with one token do not push each other out for ever. From another address it may be a thief: there
 * the first wins, if it answers when it is asked. Node only.
 */
import type { WebSocket } from 'ws';
import type { Announcement, Receipt } from '../../../../protocol/announcement.js';
import type { Assignment } from '../../../../protocol/assignment.js';
import { type HubFrame, type ParticipantFrame, participantFrameSchema } from '../../../../protocol/frames.js';
import { blobsOfAnnouncement } from '../../../../protocol/named-blobs.js';
import type { Signed } from '../../../../protocol/signed.js';
import type { Log } from '../../../log.js';
import type { SettleClaim } from '../../../pending-blobs.js';
import { sparingLog } from '../../../sparing-log.js';
import type { SignedReception } from '../../../transport.js';
import type { HubLimits } from '../guard/limits.js';
import type { HubMetrics } from '../guard/metrics.js';
import type { NoteRefusal } from '../guard/refusals.js';
import { type Connection, connection } from './connection.js';

export interface Switchboard {
  /**
   * @param address from which it comes
   * @param stands that its token was not revoked meanwhile
   */
  connect(participant: string, socket: WebSocket, address: string | undefined, stands: () => boolean): void;
  /**
   * Has no token any more: it is told, and counts as having left until it joins by another.
   * @throws what kept the coordinator from recording it
   */
  dismiss(participant: string, why: string): Promise<void>;
  publish(assignment: Assignment): void;
  /** The current assignment, once there is one. */
  assignment(): Assignment | undefined;
  /** Once what was being received is safe, or refused. */
  close(): Promise<void>;
}

export interface SwitchboardParts {
  readonly reception: SignedReception;
  /** Signed, for everybody who comes. */
  readonly description: Signed;
  readonly limits: HubLimits;
  readonly metrics: HubMetrics;
  readonly log: Log;
  readonly note: NoteRefusal;
  /** Blobs that are in use now. */
  claim(sha256s: readonly string[]): SettleClaim;
}

interface Line {
  readonly mine: Connection<HubFrame>;
  readonly address: string | undefined;
  readonly stands: () => boolean;
}

const refuse = (line: Connection<HubFrame>, why: string) =>
  line.refuse('token', why, 'ask the operator for a new one');
const revoked = (participant: string, line: Connection<HubFrame>) =>
  refuse(line, `the token of "${participant}" was revoked`);

const ignore = () => undefined;

/** A participant says one thing after the other, and repeats it on a new connection. */
const mostWaiting = 16;

export function switchboard(parts: SwitchboardParts): Switchboard {
  const { reception, description, limits, metrics, log, note, claim } = parts;
  // Of each participant: more than there is to say in the fastest of runs.
  const spare = sparingLog(log, 5, 100);
  const connections = new Map<string, Line>();
  /** One after the other for each participant, whichever connection they came by. */
  const receiving = new Map<string, { waiting: number; last: Promise<void> }>();
  let current: Assignment | undefined;
  /** The frame that says it. */
  let saying: string | undefined;
  let closed = false;
  const heartbeat = setInterval(() => {
    for (const [participant, { mine, stands }] of connections) {
      if (stands()) mine.beat();
      else revoked(participant, mine);
    }
  }, limits.heartbeatMs);

  const present = (participant: string, address: string | undefined, is: boolean) => {
    metrics.connected.set(connections.size);
    spare('info', participant, { participant, address }, is ? 'connected' : 'disconnected');
    reception.onPresence?.(participant, is);
  };
  /** Where each came from last. */
  const addresses = new Map<string, string | undefined>();
  /** Of a connection that is asked whether it is there: once, however many want its place. */
  const asked = new Map<Connection<HubFrame>, Promise<boolean>>();

  function answers({ mine }: Line): Promise<boolean> {
    const answer = asked.get(mine) ?? mine.answers(limits.answerMs).finally(() => asked.delete(mine));
    asked.set(mine, answer);
    return answer;
  }

  /** @param isGone that it has been closed meanwhile. @returns whether it has the place */
  async function admit(participant: string, line: Line, isGone: () => boolean): Promise<boolean> {
    for (;;) {
      const before = connections.get(participant);
      const mayStay = before !== undefined && before.address !== line.address && before.stands();
      const stays = mayStay && (await answers(before));
      if (mayStay && connections.get(participant) !== before) continue;
      if (stays) return false;
      if (!isGone()) welcome(participant, line);
      return true;
    }
  }

  function welcome(participant: string, line: Line) {
    const { mine, address } = line;
    const before = connections.get(participant);
    connections.set(participant, line);
    before?.mine.refuse(
      'replaced',
      `another process has joined as "${participant}"`,
      'run one process for each participant, each with a token of its own',
    );
    if (before !== undefined) {
      spare(
        'warn',
        participant,
        { participant, address, before: before.address },
        'replaced by a newer process',
      );
    } else if (addresses.has(participant) && addresses.get(participant) !== address) {
      const fields = { participant, address, before: addresses.get(participant) };
      spare('warn', participant, fields, 'comes from another address than before');
    }
    addresses.set(participant, address);
    mine.send({
      type: 'welcome',
      participant,
      description,
      heartbeatMs: limits.heartbeatMs,
    });
    if (saying !== undefined) mine.sendText(saying);
    if (before === undefined) present(participant, address, true);
  }

  function inUse(participant: string, mine: Connection<HubFrame>, address: string | undefined) {
    const fields = { participant, address, answering: connections.get(participant)?.address };
    const what = `a second process with the token of "${participant}" was turned away, since the first still answers`;
    spare('error', `${participant} in-use`, fields, `${what}; coordinator.log has both addresses`);
    mine.refuse(
      'in-use',
      `"${participant}" takes part from another address already, and answers there`,
      'end that process first; if it is none of yours, ask the operator for a new token',
    );
  }

  function queueOf(participant: string) {
    const queue = receiving.get(participant) ?? { waiting: 0, last: Promise.resolve() };
    receiving.set(participant, queue);
    return queue;
  }

  async function receive(participant: string, announcement: Announcement): Promise<Receipt> {
    const settle = claim(blobsOfAnnouncement(announcement).map(({ sha256 }) => sha256));
    let receipt: Receipt | undefined;
    try {
      receipt = await reception.receive(participant, announcement);
      return receipt;
    } finally {
      settle(receipt?.accepted === true);
    }
  }

  function take(
    participant: string,
    from: Connection<HubFrame>,
    { id, announcement }: ParticipantFrame & { type: 'announcement' },
  ) {
    const queue = queueOf(participant);
    if (queue.waiting >= mostWaiting) {
      from.refuse('too-fast', `more than ${mostWaiting} announcements wait for their receipts`);
      return;
    }
    queue.waiting++;
    queue.last = queue.last.then(async () => {
      try {
        const receipt = await receive(participant, announcement);
        metrics.announced(announcement.type, receipt.accepted ? 'accepted' : receipt.reason);
        from.send({ type: 'receipt', id, receipt });
        const round = 'round' in announcement ? { round: announcement.round } : {};
        const fields = { participant, announcement: announcement.type, ...round };
        if (receipt.accepted) spare('info', participant, fields, 'accepted');
        else spare('warn', participant, { ...fields, reason: receipt.reason }, receipt.message);
      } catch (error) {
        // No receipt: it is said again, by a participant that connects again.
        metrics.announced(announcement.type, 'error');
        log.error(
          { participant, announcement: announcement.type, error },
          'an announcement was not received',
        );
        from.close();
      } finally {
        queue.waiting--;
      }
    });
  }

  return {
    connect(participant, socket, address, stands) {
      if (closed) {
        socket.terminate();
        return;
      }
      const speech = { schema: participantFrameSchema, kind: 'message', metrics } as const;
      const mine = connection<ParticipantFrame, HubFrame>(socket, limits, speech, {
        onFrame(frame) {
          if (!stands()) revoked(participant, mine);
          // Before it is welcome there is nothing to say.
          else if (connections.get(participant)?.mine !== mine) return;
          else if (frame.type === 'announcement') take(participant, mine, frame);
          else if (frame.type === 'progress') reception.onProgress?.(participant, frame.progress);
        },
        onRefused: (reason, message) => note(reason, { participant, address }, message),
        onClose() {
          if (connections.get(participant)?.mine !== mine) return;
          connections.delete(participant);
          present(participant, address, false);
        },
      });
      let gone = false;
      socket.once('close', () => {
        gone = true;
      });
      const isGone = () => gone || closed;
      void admit(participant, { mine, address, stands }, isGone).then((admitted) => {
        if (closed) mine.close();
        else if (!admitted) inUse(participant, mine, address);
      });
    },
    async dismiss(participant, why) {
      const line = connections.get(participant);
      if (line !== undefined) refuse(line.mine, why);
      const queue = queueOf(participant);
      const left = queue.last.then(() =>
        reception.receive(participant, { type: 'left', reason: 'its token was revoked' }),
      );
      queue.last = left.then(ignore, ignore);
      await left;
    },
    publish(assignment) {
      current = assignment;
      if ('round' in assignment) metrics.round.set(assignment.round);
      const signed = reception.signer.sign('assignment', assignment);
      saying = JSON.stringify({ type: 'assignment', assignment: signed } satisfies HubFrame);
      for (const { mine } of connections.values()) mine.sendText(saying);
    },
    assignment: () => current,
    async close() {
      closed = true;
      clearInterval(heartbeat);
      for (const { mine } of connections.values()) mine.close();
      await Promise.all([...receiving.values()].map(({ last }) => last));
    },
  };
}
