/** Parses a text from another machine by its schema. */
import type { z } from 'zod';
import { messageJson } from '../base/message-json.js';
import { printable } from '../base/printable.js';

/** The frame, or a description of the problem. */
export function parseFrame<Frame>(
  schema: z.ZodType<Frame>,
  text: string,
): { readonly frame: Frame } | { readonly problem: string } {
  let value: unknown;
  try {
    value = messageJson(text);
  } catch {
    return { problem: 'is not JSON' };
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return { frame: parsed.data };
  const issue = parsed.error.issues[0];
  const place = issue?.path.join('.') ?? '';
  const problem = (issue?.message ?? 'is not of the schema').slice(0, 300);
  return { problem: printable(place === '' ? problem : `has in "${place.slice(0, 100)}": ${problem}`) };
}
