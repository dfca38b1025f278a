/** Bytes to a port as no client of ours would write them. */
import { connect, type Socket } from 'node:net';

export interface Target {
  readonly port: number;
  /** Of a participant that has turned hostile. */
  readonly token: string;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it looks like
const CLOSE_FRAME = /\x88[\x02-\x7d]\x03[\xe8-\xf7]/;
/** Nobody waits longer for an answer. */
const PATIENCE_MS = 20_000;
/** Who has taken so much of an endless body would take all of it. */
export const ENDLESS_BYTES = 16 * 2 ** 20;

export interface Said {
  /** What came back. */
  readonly answer: string;
  /** Bytes that were taken, where more was offered than anybody should take. */
  readonly sent: number;
  /** Whether the other side ended it. */
  readonly closed: boolean;
}

/** Opens a connection that does nothing by itself, and bears whatever happens to it. */
export function open({ port }: Target): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  return socket;
}

/** Resolves when it is closed, by whomever and however. */
export const end = (socket: Socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()));

/** Says it, and listens until the other side closes. With `endless`, goes on saying that. */
export async function say(target: Target, bytes: string | Uint8Array, endless?: Uint8Array): Promise<Said> {
  const socket = open(target);
  let [answer, sent, closed] = ['', 0, true];
  socket.on('data', (chunk: Buffer) => {
    const text = chunk.toString('latin1');
    if (answer.length < 4096) answer += text;
    // A WebSocket is closed by both; who floods does not.
    if (endless === undefined && CLOSE_FRAME.test(text)) socket.destroySoon();
  });
  const patience = setTimeout(() => {
    closed = false;
    socket.destroy();
  }, PATIENCE_MS);
  socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  const more = () => {
    if (endless === undefined || !socket.writable) return;
    sent += endless.length;
    if (sent < ENDLESS_BYTES) socket.write(endless, (error) => error || setImmediate(more));
  };
  more();
  await end(socket);
  clearTimeout(patience);
  return { answer, sent, closed };
}

/** A request in full. */
export const request = (line: string, headers: readonly string[] = [], body = '') =>
  `${[`${line} HTTP/1.1`, 'Host: hub', 'Connection: close', ...headers].join('\r\n')}\r\n\r\n${body}`;

export const bearer = ({ token }: Target) => `Authorization: Bearer ${token}`;

/** The request for a WebSocket. */
export const upgrade = (protocols: string, headers: readonly string[] = []) =>
  `${[
    'GET /messages HTTP/1.1',
    'Host: hub',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    `Sec-WebSocket-Protocol: ${protocols}`,
    ...headers,
  ].join('\r\n')}\r\n\r\n`;

/** @param first FIN, RSV1 and opcode in a byte, as RFC 6455, section 5.2 has them */
export function frame(first: number, payload: Uint8Array | string, masked = true): Buffer {
  const bytes = Buffer.from(payload);
  const bit = masked ? 0x80 : 0;
  const { length } = bytes;
  const size =
    length < 126
      ? Buffer.of(bit | length)
      : length < 65_536
        ? Buffer.of(bit | 126, length >> 8, length & 255)
        : Buffer.concat([Buffer.of(bit | 127), Buffer.from(length.toString(16).padStart(16, '0'), 'hex')]);
  // A mask of zeros is one, too.
  return Buffer.concat([Buffer.of(first), size, Buffer.alloc(masked ? 4 : 0), bytes]);
}

/** So many at once of so many. */
export async function many(
  count: number,
  atOnce: number,
  act: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await act(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
