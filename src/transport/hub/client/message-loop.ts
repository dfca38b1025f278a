/**
 * Carries a participant's messages to and from a hub. It reconnects whenever the connection is
 * lost, and repeats each announcement until it has a receipt. `frame-step.ts` decides what to do on
 * a frame. The same in Node and in a page: the caller brings the socket.
 */
import {
  type Announcement,
  type Progress,
  progressSchema,
  type Receipt,
} from '../../../protocol/announcement.js';
import type { Assignment } from '../../../protocol/assignment.js';
import type { Description } from '../../../protocol/description.js';
import { type HubFrame, hubFrameSchema, type ParticipantFrame } from '../../../protocol/frames.js';
import { type CoordinatorTrust, type CoordinatorVoice, coordinatorVoice } from '../../coordinator-voice.js';
import { TransportError } from '../../error.js';
import { latestValue } from '../../latest-value.js';
import type { MetCoordinator } from '../../transport.js';
import type { Waits } from '../../waits.js';
import { announcementQueue } from './announcement-queue.js';
import { type FrameStep, frameStep, type Greeting } from './frame-step.js';
import { hubConnection } from './hub-connection.js';
import { latestSaid } from './latest-said.js';
import type { OpenSocket } from './message-socket.js';

export interface MessageLoopOptions extends CoordinatorTrust {
  readonly open: OpenSocket;
  /** Ends everything, even before there was a connection. */
  readonly signal: AbortSignal;
  /** Told in words of a connection that was lost or could not be made; it is tried again. */
  readonly onTrouble?: ((reason: string) => void) | undefined;
  /** Called when there is a connection (again). */
  readonly onConnected?: (() => void) | undefined;
  readonly waits?: Partial<Pick<Waits, 'greetingMs'>> | undefined;
}

export interface MessageLoop {
  /** The participant of the token. */
  readonly participant: string;
  readonly description: Description;
  readonly coordinator: MetCoordinator;
  assignments(): AsyncIterable<Assignment>;
  announce(announcement: Announcement): Promise<Receipt>;
  tell(progress: Progress): void;
  /** Aborted when the loop has ended; its reason says why. */
  readonly over: AbortSignal;
}

/** The shortest time between two messages of progress. */
const progressMs = 250;

/**
 * Resolves with the first welcome.
 * @throws TransportError when the hub refuses this participant
 */
export function messageLoop(options: MessageLoopOptions): Promise<MessageLoop> {
  const voice = coordinatorVoice(options);
  return new Promise((resolve, reject) => runLoop(options, voice, resolve, reject));
}

function runLoop(
  { open, signal, onTrouble, onConnected, waits }: MessageLoopOptions,
  voice: CoordinatorVoice,
  onBegun: (loop: MessageLoop) => void,
  onEnd: (error: TransportError) => void,
): void {
  const assignments = latestValue<Assignment>();
  const ending = new AbortController();
  const over = ending.signal;
  let description: Description | undefined;

  const connection = hubConnection<HubFrame, ParticipantFrame>({
    ...{ open, schema: hubFrameSchema, over, waits, onTrouble, onFailed: end },
    onFrame: (frame) => carryOut(frameStep(frame, voice, description)),
  });
  const say = (frame: ParticipantFrame) => {
    if (connection.isGreeted()) connection.send(frame);
  };
  const announcements = announcementQueue(say);
  const progress = latestSaid<Progress>(progressMs, (value) => say({ type: 'progress', progress: value }));

  function carryOut(step: FrameStep): void {
    if (step.type === 'greeted') greet(step.greeting);
    else if (step.type === 'assigned') assignments.set(step.assignment);
    else if (step.type === 'received') announcements.receive(step.id, step.receipt);
    else if (step.type === 'pong') say({ type: 'pong' });
    else if (step.type === 'reconnect') connection.reconnect(step.reason);
    else if (step.type === 'end') end(step.error);
  }

  function greet(greeting: Greeting): void {
    connection.greeted(greeting.heartbeatMs);
    onConnected?.();
    if (description === undefined) {
      description = greeting.description;
      onBegun(loopOf(greeting));
    }
    announcements.sayFirst();
  }

  const loopOf = ({ participant, description, key, epoch }: Greeting): MessageLoop => ({
    ...{ participant, description, over },
    coordinator: { key, isGiven: voice.isGiven, epoch },
    assignments: () => assignments.read(),
    announce: (announcement) => announcements.add(announcement),
    tell(value) {
      if (progressSchema.safeParse(value).success && !over.aborted) progress.tell(value);
    },
  });

  function end(error: TransportError): void {
    if (over.aborted) return;
    signal.removeEventListener('abort', closed);
    ending.abort(error);
    progress.end();
    connection.close();
    assignments.end(signal.aborted ? undefined : error);
    announcements.end(error);
    onEnd(error);
  }

  function closed(): void {
    end(new TransportError('transport: the channel is closed'));
  }

  if (signal.aborted) closed();
  else {
    signal.addEventListener('abort', closed, { once: true });
    connection.connect();
  }
}
