/**
 * Which participants are connected, and what each is doing. Only this process knows it; it is not
 * recorded.
 */
import type { Progress } from '../../../protocol/announcement.js';
import type { Presence } from '../../rounds/status.js';

export type Presences = ReadonlyMap<string, Presence>;

/** @param now ISO 8601 */
export function withPresence(
  presences: Presences,
  participant: string,
  present: boolean,
  now: string,
): Presences {
  const before = presences.get(participant);
  const since = before?.present === present ? before.since : now;
  const progress = present ? before?.progress : undefined;
  return new Map(presences).set(participant, { present, since, progress });
}

export function withProgress(
  presences: Presences,
  participant: string,
  progress: Progress,
  now: string,
): Presences {
  const before = presences.get(participant) ?? { present: false, since: now };
  return new Map(presences).set(participant, { ...before, progress });
}
