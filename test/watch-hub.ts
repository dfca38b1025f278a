/** Somebody who watches a run by its hub, as a page would, and keeps what came. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { MESSAGES_PATH, subprotocols } from '../src/protocol/frames.js';
import { type ObservedFrame, type ObserverFrame, observedFrameSchema } from '../src/protocol/view.js';
import { happenings } from './until.js';

type Of<Type extends ObservedFrame['type']> = Extract<ObservedFrame, { type: Type }>;

export interface HubWatcher {
  readonly socket: WebSocket;
  /** As they came; to be emptied by whoever looks for what is new. */
  readonly texts: string[];
  frames(): ObservedFrame[];
  of<Type extends ObservedFrame['type']>(type: Type): Of<Type>[];
  say(frame: ObserverFrame): void;
  /** Once it is so; fails when the connection ends before. */
  until(isIt: () => boolean): Promise<void>;
  /** Its code. */
  readonly closed: Promise<number>;
}

/** The connection alone: nothing is said, and no ping is answered. */
export function dialHub(url: string, token: string): HubWatcher {
  const socket = new WebSocket(`${url.replace('http', 'ws')}${MESSAGES_PATH}`, subprotocols(token));
  const texts: string[] = [];
  const { happened, until } = happenings();
  socket.on('message', (data) => {
    texts.push(String(data));
    happened();
  });
  socket.on('error', () => undefined);
  const closed = once(socket, 'close').then(([code]) => code as number);
  const frames = () => texts.map((text) => observedFrameSchema.parse(JSON.parse(text)));
  return {
    ...{ socket, texts, frames },
    of: <Type extends ObservedFrame['type']>(type: Type) =>
      frames().filter((frame): frame is Of<Type> => frame.type === type),
    say: (frame) => socket.send(JSON.stringify(frame)),
    closed,
    async until(isIt) {
      const ended = closed.then((code) => {
        throw new Error(`closed (${code}) before it was so: ${isIt}\n${texts.at(-1)}`);
      });
      await Promise.race([until(isIt), ended]);
    },
  };
}

/** It has said from where on, has a status, and answers. */
export async function watchHub(
  url: string,
  token: string,
  from: { round: number; log: number },
): Promise<HubWatcher> {
  const watcher = dialHub(url, token);
  await watcher.until(() => watcher.texts.length > 0);
  watcher.say({ type: 'watch', ...from });
  watcher.socket.on('message', (data) => {
    if (String(data) === '{"type":"ping"}') watcher.say({ type: 'pong' });
  });
  await watcher.until(() => watcher.of('status').length > 0);
  return watcher;
}
