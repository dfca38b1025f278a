/** What a test has done in a Web Worker of a tab: messages say what, and are answered. */
import { forgetPageFolder, joinHubFromPage, pageFolder } from '../../src/browser.js';
import type { Announcement, Progress } from '../../src/protocol/announcement.js';
import type { Assignment } from '../../src/protocol/assignment.js';
import type { Blob } from '../../src/protocol/blob-name.js';
import type { TransportError } from '../../src/transport/error.js';
import type { HubParticipant } from '../../src/transport/hub/client/hub-participant.js';
import { errorKinds } from './error-kinds.js';

interface Joined extends HubParticipant {
  readonly iterator: AsyncIterator<Assignment>;
}

const ends: Joined[] = [];
const troubles: string[] = [];
const endOf = (end: number) => ends[end] as Joined;

const textOf = (bytes: Uint8Array) => {
  let text = '';
  for (let at = 0; at < bytes.length; at += 4096)
    text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return btoa(text);
};
const bytesOf = (text: string) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

const actions = {
  /** Of this end, from now on. */
  async join(token: string, coordinatorKey?: string) {
    const end = await joinHubFromPage(location.origin, {
      ...{ token, coordinatorKey },
      onTrouble: (reason) => troubles.push(reason),
    });
    const { participant, description, coordinator } = end;
    const number = ends.push({ ...end, iterator: end.assignments()[Symbol.asyncIterator]() }) - 1;
    return { number, participant, description, coordinator };
  },
  next: (end: number) => endOf(end).iterator.next(),
  announce: (end: number, announcement: Announcement) => endOf(end).announce(announcement),
  tell: (end: number, progress: Progress) => endOf(end).tell(progress),
  upload: (end: number, bytes: string) => endOf(end).upload(bytesOf(bytes)),
  download: async (end: number, blob: Blob) => textOf(await endOf(end).download(blob)),
  close: (end: number) => endOf(end).close(),
  troubles: () => troubles,
  hasWebCrypto: () => globalThis.crypto?.subtle !== undefined,
  keep: async (name: string, file: string, bytes: string) =>
    (await pageFolder(name)).write(file, bytesOf(bytes)),
  async kept(name: string, file: string) {
    const bytes = await (await pageFolder(name)).read(file);
    return bytes && textOf(bytes);
  },
  forget: forgetPageFolder,
};
export type Actions = typeof actions;

interface Asked {
  readonly id: number;
  readonly action: keyof Actions;
  readonly args: readonly unknown[];
}

self.onmessage = async ({ data: { id, action, args } }: MessageEvent<Asked>) => {
  const act = actions[action] as (...args: readonly unknown[]) => unknown;
  try {
    self.postMessage({ id, result: await act(...args) });
  } catch (error) {
    const { message, hint } = error as TransportError;
    const kind = errorKinds.findIndex((one) => error instanceof one);
    self.postMessage({ id, error: { message, hint, kind } });
  }
};
