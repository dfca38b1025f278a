/**
 * An observer's end of a hub: connected again whenever the connection is lost, and then told what is new since. The same in Node
 * and in a page: whoever calls brings the socket.
 */
import { type RefusalReason, refusalReasonSchema } from '../../../protocol/frames.js';
import { parseFrame } from '../../../protocol/parse-frame.js';
import { type ObservedFrame, type ObserverFrame, observedFrameSchema } from '../../../protocol/view.js';
import { backoffMs, pause } from '../../backoff.js';
import { RefusedError, TransportError } from '../../error.js';
import { defaultWaits, type Waits } from '../../waits.js';
import type { MessageSocket, OpenSocket } from './message-loop.js';

export type NewsFrame = Exclude<ObservedFrame, { type: 'ping' | 'refused' }>;

export interface WatchHubOptions {
  readonly open: OpenSocket;
  readonly signal: AbortSignal;
  onFrame(frame: NewsFrame): void;
  /** From where on to be told; asked whenever there is a connection, after its overview. */
  from(): { readonly round: number; readonly log: number };
  /** Anything was heard, if only that the hub is there. */
  onHeard?(): void;
  /** A connection was lost, or could not be made; it is tried again. */
  onTrouble(reason: string): void;
  readonly waits?: Partial<Pick<Waits, 'greetingMs'>> | undefined;
}

const mayBecomeBetter: ReadonlySet<string> = new Set<RefusalReason>(['too-fast']);

/** Resolves when the signal is aborted. @throws TransportError when there is no use in trying again */
export async function watchHub({
  open,
  signal,
  onFrame,
  from,
  onHeard,
  onTrouble,
  waits,
}: WatchHubOptions): Promise<void> {
  let attempt = 0;
  while (!signal.aborted) {
    onTrouble(await oneConnection());
    if (!signal.aborted) await pause(backoffMs(attempt++), signal);
  }

  /** @returns in words why it is over */
  function oneConnection(): Promise<string> {
    return new Promise((resolve, reject) => {
      let watchdog: ReturnType<typeof setInterval> | undefined;
      let heard = 0;
      let here = true;
      const over = (act: () => void) => {
        if (!here) return;
        here = false;
        clearInterval(watchdog);
        signal.removeEventListener('abort', leave);
        socket.close();
        act();
      };
      const lost = (reason: string) => over(() => resolve(reason));
      const fail = (error: TransportError) => over(() => reject(error));
      const leave = () => lost('no longer watched');
      const say = (frame: ObserverFrame) => socket.send(JSON.stringify(frame));

      /** A hub whose machine went down says nothing more, and the system notices it late. */
      const expect = (beatMs: number) => {
        clearInterval(watchdog);
        heard = performance.now();
        watchdog = setInterval(() => {
          if (performance.now() - heard > 3 * beatMs) {
            lost(`nothing was heard of the hub for ${Math.round((3 * beatMs) / 1000)} s`);
          }
        }, beatMs);
      };

      const hear = (text: string) => {
        heard = performance.now();
        onHeard?.();
        const parsed = parseFrame(observedFrameSchema, text);
        if ('problem' in parsed) {
          fail(
            new TransportError(`transport: the hub sent a message that ${parsed.problem}`, {
              hint: 'use one version of commonweight everywhere',
            }),
          );
          return;
        }
        const { frame } = parsed;
        if (frame.type === 'ping') say({ type: 'pong' });
        else if (frame.type === 'refused') refuse(frame);
        else {
          onFrame(frame);
          if (frame.type === 'overview') {
            attempt = 0;
            expect(frame.heartbeatMs);
            say({ type: 'watch', ...from() });
          }
        }
      };

      const refuse = ({ reason, message, hint }: ObservedFrame & { type: 'refused' }) => {
        if (mayBecomeBetter.has(reason)) lost(message);
        else {
          const known = refusalReasonSchema.safeParse(reason);
          const text = `transport: ${message}`;
          fail(
            known.success
              ? new RefusedError(known.data, text, hint)
              : new TransportError(text, hint === undefined ? {} : { hint }),
          );
        }
      };

      const socket: MessageSocket = open({
        onText: (text) => here && hear(text),
        onEnd: (reason, final) => (final === undefined ? lost(reason) : fail(final)),
      });
      signal.addEventListener('abort', leave, { once: true });
      expect((waits?.greetingMs ?? defaultWaits.greetingMs) / 3);
    });
  }
}
