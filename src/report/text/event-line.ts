/**
 * Describes the events of a federation across machines, one line each, with the participants that
 * are still waited for.
 */
import { listed } from '../../base/excerpt.js';
import { currentPhase, missingIn } from '../../federation/rounds/open-phase.js';
import type { RunState } from '../../federation/rounds/round.js';
import type { RoundEvent } from '../../federation/rounds/round-events.js';
import { writtenOf } from '../../metrics/metric.js';
import { count, plural } from '../numbers.js';
import type { Words } from '../words.js';

/**
 * The line for an event; undefined if it is no news for an operator.
 * @param state the state after the event
 */
export function eventLine(event: RoundEvent, state: RunState, { examples }: Words): string | undefined {
  const of = `round ${event.round}`;
  const [metric] = state.rules.metrics;
  switch (event.type) {
    case 'joined':
      return `${event.participant} takes part, with ${count(event.examples)} examples${event.dataChanged ? `; warning: from round ${event.round} on it trains on other data than before` : ''}`;
    case 'left':
      return `${event.participant} has left${event.reason === undefined ? '' : `: ${event.reason}`}`;
    case 'update-received': {
      const { participant, loss, validation, seconds } = event.update;
      const own = validation === undefined ? '' : `, own validation ${writtenOf(metric, validation)}`;
      return `${of}  update of ${participant}: loss ${loss.toFixed(3)}${own}, after ${seconds.toFixed(1)} s${missing(event, state)}`;
    }
    case 'contributed':
      return event.phase === 'survey'
        ? `${of}  ${event.participant} has answered the survey${missing(event, state)}`
        : undefined;
    case 'computed': {
      if (event.phase !== 'constants') return undefined;
      const answers = state.rounds[event.round - 1]?.closed.survey?.counted.length ?? 0;
      return `${of}  numbers are prepared by ${plural(answers, 'answer')} to the survey`;
    }
    case 'work-lost':
      return `${of}  a file that ${event.participant} handed in for "${event.phase}" was damaged on the disk: it is asked for again`;
    case 'deadline-passed':
      return `${of}  the deadline has passed${outcome(event, state)}`;
    case 'merged': {
      const record = state.rounds[event.round - 1];
      const among = event.counted === undefined ? '' : ` of ${record?.participants.length ?? 0}`;
      const tested = Object.entries(event.merged).map(
        ([name, figures]) => `${name} ${writtenOf(metric, figures)}`,
      );
      const test = tested.length === 0 ? '' : `, on the test ${examples}: ${tested.join(', ')}`;
      return `${of}  merged ${record?.closed.train?.counted.length ?? 0}${among} updates${test}`;
    }
    case 'copy-evaluated':
      return `${of}  the copy with ${event.participant}: ${writtenOf(metric, event.validation)}${missing(event, state)}`;
    case 'dropped':
      return `an operator has dropped ${event.participant}: the run goes on without it`;
    case 'rolled-back':
      return event.to === 0
        ? 'an operator has gone back to the beginning: all rounds are void'
        : `an operator has gone back to round ${event.to}: the rounds after it are void`;
    case 'rounds-raised':
      return `the run goes on, to round ${event.rounds} at most`;
    case 'stopped':
      return 'an operator has stopped the run';
    default:
      return undefined;
  }
}

/** The participants that are still waited for in the phase of the event. */
function missing(event: RoundEvent, state: RunState): string {
  const { type, round } = event;
  const record = state.rounds[round - 1];
  const phase = currentPhase(state);
  const name = type === 'contributed' ? event.phase : type === 'update-received' ? 'train' : 'evaluate';
  if (record === undefined || round < state.rounds.length) return '';
  if (phase?.by !== 'participants' || phase.name !== name) return '';
  const names = missingIn(phase, state, record);
  return names.length === 0 ? '' : `; waits for ${listed(names)}`;
}

function outcome(
  { phase: name, round }: Extract<RoundEvent, { type: 'deadline-passed' }>,
  state: RunState,
): string {
  const record = state.rounds[round - 1];
  const phase = state.phases.find((one) => one.name === name);
  if (record === undefined || phase?.by !== 'participants') return '';
  const { quorum = 0 } = state.rules;
  const { size } = phase.done(record);
  if (size < quorum)
    return `: ${size} of the ${quorum} that are needed are in, waits for ${quorum - size} more`;
  const without = record.participants.filter((name) => !record.updates.has(name));
  return name === 'train' ? `: goes on without ${listed(without)}` : ': goes on';
}
