import { describe, expect, it } from 'vitest';
import type { Assignment } from '../../protocol/assignment.js';
import {
  type AssignmentEvent,
  type AssignmentState,
  dueStep,
  initialAssignmentState,
  isStale,
  keyOf,
  nextState,
} from './assignment-state.js';

const name = 'site-a';
const blob = (digit: string) => ({ sha256: digit.repeat(64), bytes: 1 });
let sequence = 0;
const asking = (settings: object = {}) =>
  ({
    ...{ type: 'train', round: 1, epoch: 1, sequence: ++sequence, waitingFor: [name] },
    ...settings,
  }) as Extract<Assignment, { type: 'train' }>;
const other = (settings: object) => ({ epoch: 1, sequence: ++sequence, ...settings }) as Assignment;
const heard = (assignment: Assignment): AssignmentEvent => ({ type: 'heard', assignment });
const state = (...events: AssignmentEvent[]): AssignmentState =>
  events.reduce(nextState, initialAssignmentState);
const stepAfter = (...events: AssignmentEvent[]) => dueStep(state(...events), name).type;

describe('the state of a participant', () => {
  it('has nothing to do before it has heard, and while the coordinator is merging', () => {
    expect(dueStep(initialAssignmentState, name)).toEqual({ type: 'go-on' });
    expect(stepAfter(heard(other({ type: 'wait', round: 1 })))).toBe('go-on');
  });

  it('begins what is asked of it, and goes on with that as long as it is asked for', () => {
    const [first, again] = [asking(), asking({ waitingFor: [name, 'site-b'] })];
    expect(dueStep(state(heard(first)), name)).toEqual({ type: 'begin', assignment: first });
    const begun: AssignmentEvent = { type: 'begun', assignment: first };
    expect(stepAfter(heard(first), begun, heard(again))).toBe('go-on');
    expect(stepAfter(heard(first), begun, heard(asking({ waitingFor: ['site-b'] })))).toBe('rest');
    expect(stepAfter(heard(first), begun, heard(asking({ round: 2 })))).toBe('begin');
    expect(stepAfter(heard(first), begun, { type: 'stopped' }, heard(again))).toBe('begin');
  });

  it('answers once, and once more where the answer was lost', () => {
    const first = asking();
    const done: AssignmentEvent[] = [
      ...[heard(first), { type: 'begun', assignment: first } as const],
      ...[{ type: 'said', key: keyOf(first) } as const, { type: 'answered', key: keyOf(first) } as const],
    ];
    expect(stepAfter(...done)).toBe('rest');
    expect(stepAfter(...done, heard(asking()))).toBe('begin');
    // Asked for while the answer was on its way: that one counts as an answer to this, too.
    const [begun, said, answered] = done.slice(1) as [AssignmentEvent, AssignmentEvent, AssignmentEvent];
    expect(stepAfter(heard(first), begun, said, heard(asking()), answered)).toBe('rest');
  });

  it('does not try again what diverged, but does so after the coordinator went back', () => {
    const first = asking();
    const failed: AssignmentEvent[] = [heard(first), { type: 'diverged', key: keyOf(first) }];
    expect(state(...failed).excused).toBe(true);
    expect(stepAfter(...failed, heard(asking()))).toBe('rest');
    expect(stepAfter(...failed, heard(asking({ attempt: 2 })))).toBe('begin');
    expect(state(...failed, { type: 'joined' }).excused).toBe(false);
  });

  it('ends with the run, or when it is dropped', () => {
    const finished = other({ type: 'finished', reason: 'max-rounds' });
    expect(dueStep(state(heard(finished)), name)).toEqual({ type: 'finish', assignment: finished });
    expect(stepAfter(heard(asking({ dropped: [name] })))).toBe('dropped');
    expect(stepAfter(heard(asking({ dropped: ['site-b'] })))).toBe('begin');
  });

  it('does not listen to what was said before', () => {
    const [before, now] = [asking(), asking()];
    expect(isStale(initialAssignmentState, before)).toBe(false);
    expect(isStale(state(heard(now)), before)).toBe(true);
    expect(isStale(state(heard(now)), asking({ epoch: 2, sequence: 0 }))).toBe(false);
  });

  it('tells apart what is asked by round, attempt, phase and model', () => {
    const model = blob('a');
    const asked = [
      asking(),
      asking({ round: 2 }),
      asking({ attempt: 2 }),
      asking({ base: blob('b') }),
      asking({ type: 'evaluate', model }),
      asking({ type: 'compare-layers', phase: 'scales', model, solution: model }),
      asking({ type: 'compare-layers', phase: 'alphas', model, solution: model }),
    ];
    expect(new Set(asked.map(keyOf)).size).toBe(asked.length);
    expect(keyOf(asking())).toBe(keyOf(asked[0] as ReturnType<typeof asking>));
  });
});
