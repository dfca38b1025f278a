/**
 * The interval in which a hub sends something to its clients, so that they know how long to wait.
 * It is limited: a JavaScript timer of more than 24 days fires at once, and a very short one would
 * never let a client wait.
 */
import { z } from 'zod';

const SHORTEST_HEARTBEAT_MS = 10;
export const LONGEST_HEARTBEAT_MS = 3_600_000;

export const heartbeatMsSchema = z.number().min(SHORTEST_HEARTBEAT_MS).max(LONGEST_HEARTBEAT_MS).meta({
  unit: 'ms',
  description: 'The hub sends something at least this often, a ping if nothing else.',
});
