/** Adds a fact to the record of its round. A fact that is known already adds nothing. */
import type { ParticipantsPhase, RoundRecord, RunState } from './round.js';
import type { RoundEvent } from './round-events.js';

/** Facts that change only the record of one round. */
export type RecordEvent = Exclude<
  RoundEvent,
  { type: 'dropped' | 'rolled-back' | 'work-lost' | 'joined' | 'left' | 'rounds-raised' | 'stopped' }
>;

/** @throws Error when the fact is impossible: a bug in Commonweight */
export function withFact(state: RunState, record: RoundRecord, event: RecordEvent): RoundRecord {
  const { attempt = 1 } = event;
  if (attempt !== record.attempt) {
    throw new Error(
      `internal: ${event.type} is of attempt ${attempt} at round ${record.round}, which is in attempt ${record.attempt}`,
    );
  }
  switch (event.type) {
    case 'update-received': {
      const { participant } = event.update;
      if (isKnown(state, record, 'train', participant)) return record;
      return { ...record, updates: new Map(record.updates).set(participant, event.update) };
    }
    case 'copy-evaluated': {
      const { participant, validation, sums } = event;
      if (isKnown(state, record, 'evaluate', participant)) return record;
      return {
        ...record,
        copied: new Map(record.copied).set(participant, validation),
        ...(sums && { shared: new Map(record.shared).set(participant, sums) }),
      };
    }
    case 'contributed': {
      const { phase, participant } = event;
      if (isKnown(state, record, phase, participant)) return record;
      const others = record.contributed[phase] ?? new Map();
      const contributed = { ...record.contributed, [phase]: new Map(others).set(participant, event) };
      return { ...record, contributed };
    }
    case 'computed':
      return { ...record, computed: { ...record.computed, [event.phase]: event.sha256 } };
    case 'merged':
      if (record.closed.train === undefined) {
        throw new Error(`internal: round ${event.round} is merged before it is closed`);
      }
      return record.merged === undefined ? { ...record, merged: event } : record;
    case 'refitted':
      return record.refitted === undefined ? { ...record, refitted: event } : record;
    case 'pooled-trained':
      return { ...record, pooled: event };
    case 'deadline-set':
      return withDeadline(record, event.phase, { at: event.at, passed: false });
    case 'deadline-passed': {
      const { at } = record.deadlines[event.phase] ?? { at: '' };
      return withDeadline(record, event.phase, { at, passed: true });
    }
  }
}

const withDeadline = (
  record: RoundRecord,
  phase: string,
  deadline: { readonly at: string; readonly passed: boolean },
): RoundRecord => ({ ...record, deadlines: { ...record.deadlines, [phase]: deadline } });

/** @throws Error when the participant is not due in the phase, or the phase is closed without it */
function isKnown(state: RunState, record: RoundRecord, name: string, participant: string): boolean {
  const { rules, phases } = state;
  const phase = phases.find(
    (one): one is ParticipantsPhase => one.name === name && one.by === 'participants',
  );
  if (phase === undefined) throw new Error(`internal: this run has no phase "${name}"`);
  if (phase.done(record).has(participant)) return true;
  for (const [among, where] of [
    [rules.participants, 'this run'],
    [phase.due(state, record), `round ${record.round}`],
  ] as const) {
    if (!among.includes(participant)) {
      throw new Error(`internal: "${participant}" takes no part in ${where}`);
    }
  }
  if (record.closed[name] !== undefined) {
    throw new Error(
      `internal: the work of "${participant}" came after "${name}" of round ${record.round} was closed`,
    );
  }
  return false;
}
