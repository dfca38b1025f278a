/**
 * Reads the value of a key, for a participant. Another client may have overwritten it; a running
 * coordinator repairs it.
 */
import type { KvEntry } from '@nats-io/kv';
import type { z } from 'zod';
import { SPOILED, SpoiledError } from '../../coordinator-voice.js';
import { messageOf } from '../explain.js';
import { decode } from '../messages.js';

/** The size of the coordinator's largest message. */
const MOST_BYTES = 1024 * 1024;

/** Undefined if another client has overwritten it, which `leaveOut` is told. */
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
