/**
 * The deadline of the phase that waits now: recorded when the phase begins, so that a restart does
 * not prolong it.
 */
import type { Clock } from '../../rounds/clock.js';
import { deadlineOf, inAttempt } from '../../rounds/open-phase.js';
import type { Ledger } from './ledger.js';

export interface DeadlineTimer {
  /** Records a deadline where the state needs one, and waits for it. */
  keep(): Promise<void>;
  cancel(): void;
}

export function deadlineTimer(ledger: Ledger, clock: Clock): DeadlineTimer {
  let cancel = () => {};
  /** Of what the timer is. */
  let timed = '';

  async function keep(): Promise<void> {
    const due = deadlineOf(ledger.state());
    if (due === undefined) return;
    const { round, phase, seconds: whole, deadline } = due;
    const attempt = inAttempt(ledger.state());
    if (deadline === undefined) {
      const at = clock.later(whole);
      await ledger.exclusively(() => ledger.record({ type: 'deadline-set', round, phase, ...attempt, at }));
      return keep();
    }
    const { at, passed } = deadline;
    const key = `${round} ${phase} ${at}`;
    if (passed || timed === key) return;
    cancel();
    timed = key;
    // A clock that was set back or forward in the meantime shortens or prolongs nothing beyond the
    // whole of it.
    const seconds = Math.min(Math.max(clock.secondsUntil(at), 0), whole);
    cancel = clock.after(seconds, () => {
      ledger
        .exclusively(async () => {
          const now = deadlineOf(ledger.state());
          if (now?.phase !== phase || now.round !== round || now.deadline?.at !== at) return;
          await ledger.record({ type: 'deadline-passed', round, phase, ...attempt });
        })
        .catch(ledger.fail);
    });
  }
  return { keep, cancel: () => cancel() };
}
