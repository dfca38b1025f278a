/**
 * What lies under a key, for a participant: anybody may have spoiled it, and the coordinator writes
 * over that where it is at work.
 */
import type { KvEntry } from '@nats-io/kv';
import type { z } from 'zod';
import { SPOILED, SpoiledError } from '../../coordinator-voice.js';
import { messageOf } from '../explain.js';
import { decode } from '../messages.js';

/** Of the coordinator's own messages. */
const MOST_BYTES = 1024 * 1024;

/** Nothing where somebody has spoiled it, which `leaveOut` is told. */
export function readKey<Value>(
  schema: z.ZodType<Value>,
  entry: KvEntry,
  leaveOut: (problem: string) => void,
): Value | undefined {
  try {
    return decode(schema, entry.value, MOST_BYTES);
  } catch (error) {
    leaveOut(`the key ${entry.key} ${messageOf(error)}`);
    return undefined;
  }
}

/** @throws SpoiledError */
export function mustReadKey<Value>(schema: z.ZodType<Value>, entry: KvEntry): Value {
  let problem = '';
  const value = readKey(schema, entry, (what) => {
    problem = what;
  });
  if (value === undefined) throw new SpoiledError(`nats: ${problem}`, SPOILED);
  return value;
}
