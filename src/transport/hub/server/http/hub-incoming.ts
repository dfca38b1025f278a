/**
 * A request of the hub's server. Node parses all requests of one read, some two thousand small
 * ones, even after the connection was destroyed at the first: a stranger's 64 KB cost 20 ms of
 * work. Its parser stops only at a request for another protocol. So a request on a dead connection
 * pretends to be one. Node only.
 */
import { IncomingMessage } from 'node:http';

export class HubIncoming extends IncomingMessage {
  private asked: boolean | null = null;

  get upgrade(): boolean | null {
    return this.socket?.destroyed === true || this.asked;
  }

  set upgrade(asked: boolean | null) {
    this.asked = asked;
  }
}
