/**
 * How often a hub lets its guests hear something: the time by which they wait for it. A timer of JavaScript that is told to wait
 * longer than 24 days does not wait at all, so a hub may say neither that nor next to nothing.
 */
import { z } from 'zod';

const SHORTEST_HEARTBEAT_MS = 10;
export const LONGEST_HEARTBEAT_MS = 3_600_000;

export const heartbeatMsSchema = z.number().min(SHORTEST_HEARTBEAT_MS).max(LONGEST_HEARTBEAT_MS).meta({
  unit: 'ms',
  description: 'The hub sends something at least this often, a ping if nothing else.',
});
