/**
 * A request as the hub's server makes it. Node goes through all that one read has brought, some two thousand small requests,
 * also when the first of them had their connection destroyed: 20 ms of work for 64 KB from a stranger. The one thing that
 * its parser stops at is a request for another protocol: so what comes on a dead connection passes for that. Node only.
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
