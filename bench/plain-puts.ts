/**
 * As many PUTs of as many bytes at once, each streamed, to a server that takes whatever comes: what
 * the hub's participants send, sent by them as they do, but for what a hub asks for.
 *
 *     plain-puts.ts URL COUNT BYTES
 *
 * Prints the seconds from the first byte to the last answer.
 */
import { hubAddress } from '../src/transport/hub/client/node/hub-address.js';
import { hubRequest } from '../src/transport/hub/client/node/hub-request.js';

const [url = '', count = '0', bytes = '0'] = process.argv.slice(2);
const bodies = Array.from({ length: Number(count) }, (_, number) =>
  new Uint8Array(Number(bytes)).fill(number),
);
const hub = hubAddress(url, 'x'.repeat(43), {});
const began = performance.now();
await Promise.all(
  bodies.map(async (body, number) => {
    const path = `/${number}`;
    const response = await hubRequest(hub, { method: 'PUT', path, body }, new AbortController().signal);
    await response.resume().toArray();
  }),
);
console.log((performance.now() - began) / 1000);
hub.agent.destroy();
