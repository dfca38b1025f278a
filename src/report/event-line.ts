/** What happened in a federation across machines, a line each. */
import type { RunState } from '../federation/round.js';
import type { RoundEvent } from '../federation/round-events.js';
import { count, percent } from './numbers.js';

/** Nothing for what is no news to an operator. */
export function eventLine(event: RoundEvent, { rounds }: RunState): string | undefined {
  switch (event.type) {
    case 'joined':
      return `${event.participant} takes part, with ${count(event.examples)} examples`;
    case 'left':
      return `${event.participant} has left${event.reason === undefined ? '' : `: ${event.reason}`}`;
    case 'update-received': {
      const { participant, loss, validationAccuracy, seconds } = event.update;
      const own = validationAccuracy === undefined ? '' : `, own validation ${percent(validationAccuracy)}`;
      return `round ${event.round}  update of ${participant}: loss ${loss.toFixed(3)}${own}, after ${seconds.toFixed(1)} s`;
    }
    case 'update-lost':
      return `round ${event.round}  the file of ${event.participant}'s update was damaged on the disk: it is asked for again`;
    case 'deadline-passed':
      return `round ${event.round}  the deadline has passed`;
    case 'merged': {
      const record = rounds[event.round - 1];
      const of = event.counted === undefined ? '' : ` of ${record?.participants.length ?? 0}`;
      const tested = Object.entries(event.merged).map(([name, accuracy]) => `${name} ${percent(accuracy)}`);
      const test = tested.length === 0 ? '' : `, on the test images: ${tested.join(', ')}`;
      return `round ${event.round}  merged ${record?.closed?.length ?? 0}${of} updates${test}`;
    }
    case 'copy-evaluated':
      return `round ${event.round}  the copy with ${event.participant}: ${percent(event.validationAccuracy)}`;
    case 'stopped':
      return 'an operator has stopped the run';
    default:
      return undefined;
  }
}
