/**
 * A request as the hub's server has it. Node parses all requests that one read has brought, some
 * two thousand small ones, even when the first of them had their connection destroyed: 20 ms of
 * work for 64 KB from a stranger. Its parser stops only at a request for another protocol. So a
 * request on a dead connection pretends to be one. Node only.
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
