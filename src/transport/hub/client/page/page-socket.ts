/** A WebSocket of a page or its worker, for the message loop. For pages. */
import { MESSAGES_PATH, subprotocols } from '../../../../protocol/frames.js';
import type { OpenSocket } from '../message-socket.js';
import type { HubLogin } from '../parse-address.js';

export const pageSocket =
  ({ url, token }: HubLogin, purpose?: 'watch'): OpenSocket =>
  ({ onText, onEnd }) => {
    const address = new URL(MESSAGES_PATH, url);
    address.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(address, subprotocols(token, purpose));
    let opened = false;
    socket.onopen = () => {
      opened = true;
    };
    socket.onmessage = ({ data }) => onText(String(data));
    // A page is not told what failed, only that the socket is closed, which follows.
    socket.onerror = () => {};
    socket.onclose = ({ code }) => {
      const lost = code === 1001 ? 'the hub is closing' : `the connection was lost (${code})`;
      onEnd(`${url.host}: ${opened ? lost : 'no connection can be made'}`);
    };
    return { send: (text) => socket.send(text), close: () => socket.close() };
  };
