/**
 * A participant's messages to a hub and back: connected again whenever the connection is lost, each announcement repeated
 * until its receipt is there. The same in Node and in a page: whoever calls brings the socket.
 */
import type { z } from 'zod';
import {
  type Announcement,
  announcementSchema,
  type Progress,
  progressSchema,
  type Receipt,
} from '../../../protocol/announcement.js';
import { type Assignment, assignmentSchema } from '../../../protocol/assignment.js';
import type { Description } from '../../../protocol/description.js';
import {
  type HubFrame,
  hubFrameSchema,
  type ParticipantFrame,
  type RefusalReason,
} from '../../../protocol/frames.js';
import { parseFrame } from '../../../protocol/parse-frame.js';
import { describedSchema } from '../../../protocol/signed.js';
import { PROTOCOL_VERSION } from '../../../protocol/version.js';
import { backoffMs, pause } from '../../backoff.js';
import { type CoordinatorTrust, coordinatorVoice, OtherKeyError } from '../../coordinator-voice.js';
import { RefusedError, TransportError } from '../../error.js';
import { latestValue } from '../../latest-value.js';
import type { MetCoordinator } from '../../transport.js';
import { defaultWaits, type Waits } from '../../waits.js';
import { latestSaid } from './latest-said.js';

export interface MessageSocket {
  send(text: string): void;
  close(): void;
}

/** Opens a WebSocket to a hub, with the subprotocols of `frames.ts`. */
export type OpenSocket = (events: {
  onText(text: string): void;
  /** It is closed, or could not be opened; in words why. With an error, there is no use in trying again. */
  onEnd(reason: string, final?: TransportError): void;
}) => MessageSocket;

export interface MessageLoopOptions extends CoordinatorTrust {
  readonly open: OpenSocket;
  /** Ends it all, also before there was any connection. */
  readonly signal: AbortSignal;
  /** A connection was lost, or could not be made; it is tried again. */
  readonly onTrouble?: ((reason: string) => void) | undefined;
  /** There is a connection (again). */
  readonly onConnected?: (() => void) | undefined;
  readonly waits?: Partial<Pick<Waits, 'greetingMs'>> | undefined;
}

export interface MessageLoop {
  /** Whose token it is. */
  readonly participant: string;
  readonly description: Description;
  readonly coordinator: MetCoordinator;
  assignments(): AsyncIterable<Assignment>;
  announce(announcement: Announcement): Promise<Receipt>;
  tell(progress: Progress): void;
  /** Aborted when it is over; the reason says why. */
  readonly over: AbortSignal;
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

/** Progress is said so often at most. */
const progressMs = 250;

interface Announcing {
  readonly id: number;
  readonly announcement: Announcement;
  resolve(receipt: Receipt): void;
  reject(error: unknown): void;
}

/**
 * Resolves with the first welcome.
 * @throws TransportError when the hub does not want this participant
 */
export function messageLoop({
  open,
  signal,
  onTrouble,
  onConnected,
  waits,
  ...trust
}: MessageLoopOptions): Promise<MessageLoop> {
  const voice = coordinatorVoice(trust);
  const assignments = latestValue<Assignment>();
  const ending = new AbortController();
  const over = ending.signal;
  const announcing: Announcing[] = [];
  let nextId = 0;
  let description: Description | undefined;
  let socket: MessageSocket | undefined;
  let welcome: (HubFrame & { type: 'welcome' }) | undefined;
  let attempt = 0;
  let heard = 0;
  let watching: ReturnType<typeof setInterval> | undefined;

  return new Promise((resolve, reject) => {
    const closed = () => end(new TransportError('transport: the channel is closed'));
    const progress = latestSaid<Progress>(progressMs, (value) => say({ type: 'progress', progress: value }));

    function end(error: TransportError): void {
      if (over.aborted) return;
      signal.removeEventListener('abort', closed);
      ending.abort(error);
      progress.end();
      drop();
      assignments.end(signal.aborted ? undefined : error);
      for (const each of announcing.splice(0)) each.reject(error);
      reject(error);
    }

    function drop(): void {
      clearInterval(watching);
      const old = socket;
      socket = undefined;
      welcome = undefined;
      old?.close();
    }

    function connect(): void {
      const mine = open({
        onText: (text) => mine === socket && hear(text),
        onEnd(reason, final) {
          if (mine !== socket) return;
          drop();
          if (final === undefined) again(reason);
          else end(final);
        },
      });
      socket = mine;
      watch((waits?.greetingMs ?? defaultWaits.greetingMs) / 3);
    }

    function again(reason: string): void {
      onTrouble?.(reason);
      void pause(backoffMs(attempt++), over).then(() => {
        if (!over.aborted) connect();
      });
    }

    const say = (frame: ParticipantFrame) => {
      if (welcome !== undefined) socket?.send(JSON.stringify(frame));
    };

    /** One announcement after the other: their order is that in which they were made. */
    const sayFirst = () => {
      const [first] = announcing;
      if (first !== undefined) say({ type: 'announcement', id: first.id, announcement: first.announcement });
    };

    function hear(text: string): void {
      heard = performance.now();
      const parsed = parseFrame(hubFrameSchema, text);
      if ('problem' in parsed) {
        end(
          new TransportError(`transport: the hub sent a message that ${parsed.problem}`, {
            hint: 'use one version of commonweight everywhere',
          }),
        );
      } else handle(parsed.frame);
    }

    function handle(frame: HubFrame): void {
      switch (frame.type) {
        case 'welcome':
          beWelcome(frame);
          break;
        case 'assignment':
          hearAssignment(frame);
          break;
        case 'receipt':
          if (announcing[0]?.id === frame.id) {
            announcing.shift()?.resolve(frame.receipt);
            sayFirst();
          }
          break;
        case 'refused':
          if (willNotBecomeBetter.has(frame.reason)) {
            end(new RefusedError(frame.reason, `transport: ${frame.message}`, frame.hint));
          } else {
            drop();
            again(frame.message);
          }
          break;
        case 'overview':
          end(
            new RefusedError(
              'role',
              'transport: the token is that of an observer or operator, expected one of a participant',
              'ask the operator for a token of a participant; this one shows the run, by the link without "join"',
            ),
          );
          break;
        case 'ping':
          say({ type: 'pong' });
          break;
      }
    }

    function hearAssignment(frame: HubFrame & { type: 'assignment' }): void {
      const assignment = voice.hear(frame.assignment, 'assignment', assignmentSchema);
      if (assignment !== undefined && voice.isCurrent(assignment)) assignments.set(assignment);
    }

    /** What somebody has changed on the way is an end for whoever has not begun; others try again. */
    function meet(frame: HubFrame & { type: 'welcome' }) {
      try {
        return voice.meet(frame.description, 'description', describedSchema);
      } catch (error) {
        if (!(error instanceof TransportError)) throw error;
        if (description === undefined || error instanceof OtherKeyError) end(error);
        else {
          drop();
          again(error.message);
        }
        return undefined;
      }
    }

    function beWelcome(frame: HubFrame & { type: 'welcome' }): void {
      const met = meet(frame);
      if (met === undefined) return;
      const { job, protocol } = met.description;
      if (protocol !== PROTOCOL_VERSION) {
        end(
          new TransportError(
            `transport: the hub speaks version ${protocol} of the protocol, expected ${PROTOCOL_VERSION}`,
            { hint: 'use one version of commonweight everywhere' },
          ),
        );
      } else if (description !== undefined && description.job !== job) {
        end(
          new TransportError(
            `transport: the hub has another federation now: ${job}, it was ${description.job}`,
            { hint: 'join again', transient: true },
          ),
        );
      } else if (description !== undefined && roundsOf(description) !== roundsOf(met.description)) {
        end(
          new TransportError(
            `transport: the run goes on to round ${roundsOf(met.description)} now, it was to end with round ${roundsOf(description)}`,
            { hint: 'join again', transient: true },
          ),
        );
      } else {
        welcome = frame;
        attempt = 0;
        watch(frame.heartbeatMs);
        onConnected?.();
        if (description === undefined) {
          description = met.description;
          resolve({
            participant: frame.participant,
            description,
            coordinator: { key: frame.description.key, isGiven: voice.isGiven, epoch: met.epoch },
            assignments: () => assignments.read(),
            announce,
            tell(value) {
              if (progressSchema.safeParse(value).success && !over.aborted) progress.tell(value);
            },
            over,
          });
        }
        sayFirst();
      }
    }

    /** A hub whose machine went down says nothing more, and the system notices it late. */
    function watch(beatMs: number): void {
      clearInterval(watching);
      heard = performance.now();
      watching = setInterval(() => {
        if (performance.now() - heard <= 3 * beatMs) return;
        drop();
        again(`nothing was heard of the hub for ${Math.round((3 * beatMs) / 1000)} s`);
      }, beatMs);
    }

    function announce(announcement: Announcement): Promise<Receipt> {
      const checked = announcementSchema.safeParse(announcement);
      if (!checked.success) return Promise.reject(new TransportError(complaint(announcement, checked.error)));
      if (over.aborted) return Promise.reject(over.reason);
      return new Promise((resolve, reject) => {
        announcing.push({ id: nextId++, announcement: checked.data, resolve, reject });
        if (announcing.length === 1) sayFirst();
      });
    }

    if (signal.aborted) closed();
    else {
      signal.addEventListener('abort', closed, { once: true });
      connect();
    }
  });
}

const complaint = ({ type }: Announcement, error: z.ZodError) =>
  `transport: an announcement of type "${type}" cannot be made: ${error.issues[0]?.path.join('.')}: ${error.issues[0]?.message}`;

const roundsOf = ({ configuration }: Description) => configuration.rounds;
