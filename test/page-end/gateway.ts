/**
 * Between a tab and a hub: the address that the tab came from, which stays when the hub is started
 * again elsewhere. It serves the page of a test itself, under /test/, passes everything else on,
 * and can lose connections as a network does.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Gateway {
  readonly port: number;
  /** Where the hub is now. */
  hubPort: number;
  /**
   * The next connection by which so many bytes of one request have gone to the hub, or of its
   * answer from it, is silent from then on, both ways.
   * @returns what closes it, once it is silent
   */
  silentAfter(bytes: number): Promise<() => void>;
  /** The Range of each download so far, as far as there was one. */
  readonly ranges: readonly string[];
  /** The Upload-Offset of each upload so far. */
  readonly offsets: readonly number[];
  close(): Promise<void>;
}

/** @param files by their names under /test/ */
export async function openGateway(files: ReadonlyMap<string, Served>): Promise<Gateway> {
  const offsets: number[] = [];
  const ranges: string[] = [];
  const sockets = new Set<Socket>();
  let silence: { readonly bytes: number; done(close: () => void): void } | undefined;

  const server = createServer((near) => {
    let far: Socket | undefined;
    let [up, down] = [0, 0];
    let silent = false;
    const use = (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        sockets.delete(socket);
        // Who is cut off does not hear that the other end is gone.
        if (silent && socket === far) return;
        near.destroy();
        far?.destroy();
      });
    };
    const fallSilent = () => {
      if (silence === undefined || Math.max(up, down) <= silence.bytes) return;
      silent = true;
      silence.done(() => near.destroy());
      silence = undefined;
    };
    use(near);
    near.on('data', (chunk: Buffer) => {
      if (silent) return;
      const text = chunk.toString('latin1', 0, 4096);
      const [, file] = /^GET \/test\/([\w.-]*)[ ?]/.exec(text) ?? [];
      if (file !== undefined) {
        near.write(answer(files.get(file)));
        return;
      }
      if (/^[A-Z]+ \//.test(text)) [up, down] = [0, 0];
      const [, offset] = /^PUT [\s\S]*?upload-offset: (\d+)/i.exec(text) ?? [];
      if (offset !== undefined) offsets.push(Number(offset));
      const [, range] = /^GET [\s\S]*?\r\nrange: (.*)\r\n/i.exec(text) ?? [];
      if (range !== undefined) ranges.push(range);
      if (far === undefined) {
        far = connect(gateway.hubPort, '127.0.0.1');
        use(far);
        far.on('data', (back: Buffer) => {
          if (silent) return;
          near.write(back);
          down += back.length;
          fallSilent();
        });
      }
      far.write(chunk);
      up += chunk.length;
      fallSilent();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const gateway: Gateway = {
    port: (server.address() as AddressInfo).port,
    hubPort: 0,
    offsets,
    ranges,
    silentAfter: (bytes) =>
      new Promise((done) => {
        silence = { bytes, done };
      }),
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
  return gateway;
}

/**
 * Closes each connection as soon as so many bytes have gone by it, until the work comes to an end.
 */
export async function cutting<Result>(
  gateway: Gateway,
  bytes: number,
  work: Promise<Result>,
): Promise<Result> {
  const ended = work.then(() => undefined);
  for (;;) {
    const close = await Promise.race([gateway.silentAfter(bytes), ended]);
    if (close === undefined) return work;
    close();
  }
}

export interface Served {
  readonly type: string;
  readonly text: string;
}

function answer(file: Served | undefined): string {
  const { type, text } = file ?? { type: 'text/plain', text: '' };
  return (
    `HTTP/1.1 ${file === undefined ? '404 Not Found' : '200 OK'}\r\nContent-Type: ${type}\r\n` +
    `Content-Length: ${Buffer.byteLength(text)}\r\nCache-Control: no-store\r\n\r\n${text}`
  );
}
