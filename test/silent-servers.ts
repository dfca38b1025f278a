/**
 * Servers that accept a connection and then say nothing, each from another moment on. On loopback.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createSecureServer } from 'node:tls';

const fixtures = join(import.meta.dirname, 'fixtures/tls');
export const tls = {
  cert: readFileSync(join(fixtures, 'cert.pem')),
  key: readFileSync(join(fixtures, 'key.pem')),
};

export interface SilentServer {
  /** `127.0.0.1:8470` */
  readonly host: string;
  close(): Promise<void>;
}

type Behaviour = (socket: Socket) => void;

async function serve(
  server: Server,
  event: 'connection' | 'secureConnection',
  act: Behaviour,
): Promise<SilentServer> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  server.on(event, (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    act(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const reads: Behaviour = (socket) => socket.resume();

/** Reads, and answers nothing: no TLS either. */
export const silentTcp = () => serve(createServer(), 'connection', reads);
/** Speaks TLS, and nothing more. */
export const silentTls = () => serve(createSecureServer(tls), 'secureConnection', reads);

/** Opens a WebSocket, and neither says anything nor closes it. */
export const silentWebSocket = () =>
  serve(createServer(), 'connection', (socket) =>
    socket.once('data', (data) => {
      const request = data.toString('latin1');
      const [, key] = /sec-websocket-key: (\S+)/i.exec(request) ?? [];
      const [, offered] = /sec-websocket-protocol: ([^,\s]+)/i.exec(request) ?? [];
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
      const headers = [
        'HTTP/1.1 101 Switching Protocols',
        'Upgrade: websocket',
        'Connection: Upgrade',
        `Sec-WebSocket-Accept: ${accept}`,
        `Sec-WebSocket-Protocol: ${offered}`,
      ];
      socket.write(`${headers.join('\r\n')}\r\n\r\n`);
    }),
  );

/** Hands on to another server, until it is told to hold back what comes from there. */
export async function gateway(port: number): Promise<SilentServer & { hush(): void }> {
  let hushed = false;
  const server = await serve(createServer(), 'connection', (near) => {
    const far = connect(port, '127.0.0.1');
    far.on('error', () => near.destroy());
    near.on('close', () => far.destroy());
    near.pipe(far);
    far.on('data', (data) => hushed || near.write(data));
    far.on('close', () => near.destroy());
  });
  return {
    ...server,
    hush() {
      hushed = true;
    },
  };
}

/** Answers a request by headers that promise a body, of which nothing comes. */
export const silentBody = (status: string) =>
  serve(createServer(), 'connection', (socket) =>
    socket.on('data', () => socket.write(`HTTP/1.1 ${status}\r\nContent-Length: 1000\r\n\r\n`)),
  );

/**
 * A NATS server that greets, and answers pings and what JetStream's account may use; no other
 * request.
 */
export const silentNats = () =>
  serve(createServer(), 'connection', (socket) => {
    const info = {
      server_id: 'S',
      version: '2.10.0',
      jetstream: true,
      max_payload: 2 ** 20,
      proto: 1,
      headers: true,
    };
    socket.write(`INFO ${JSON.stringify(info)}\r\n`);
    let heard = '';
    let inbox = '1';
    socket.on('data', (data) => {
      heard += data.toString('latin1');
      const lines = heard.split('\r\n');
      heard = lines.pop() ?? '';
      for (const line of lines) {
        const [verb, subject, ...rest] = line.split(' ');
        if (verb === 'PING') socket.write('PONG\r\n');
        if (verb === 'SUB' && subject?.endsWith('*')) inbox = rest.at(-1) ?? inbox;
        if (verb === 'PUB' && subject === '$JS.API.INFO') {
          const account = JSON.stringify({
            type: 'io.nats.jetstream.api.v1.account_info_response',
            memory: 0,
          });
          socket.write(`MSG ${rest[0]} ${inbox} ${account.length}\r\n${account}\r\n`);
        }
      }
    });
  });
