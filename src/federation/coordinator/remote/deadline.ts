/**
 * The deadline of the present phase. It is recorded when the phase begins, so that a restart does
 * not prolong it.
 */
import type { Clock } from '../../rounds/clock.js';
import { deadlineOf, inAttempt } from '../../rounds/open-phase.js';
import type { Ledger } from './ledger.js';

export interface DeadlineTimer {
  /** Records a deadline if the state needs one, and waits for it. */
  keep(): Promise<void>;
  cancel(): void;
}

export function deadlineTimer(ledger: Ledger, clock: Clock): DeadlineTimer {
  let cancel = () => {};
  /** The phase that the timer belongs to. */
  let timed = '';

  /** Asks anew what is due: an operator may have gone back meanwhile, and the round is void. */
  async function setDeadline(): Promise<void> {
    const due = deadlineOf(ledger.state());
    if (due === undefined || due.deadline !== undefined) return;
    const { round, phase, seconds } = due;
    const at = clock.later(seconds);
    await ledger.record({ type: 'deadline-set', round, phase, ...inAttempt(ledger.state()), at });
  }

  async function keep(): Promise<void> {
    const due = deadlineOf(ledger.state());
    if (due === undefined) return;
    const { round, phase, seconds: whole, deadline } = due;
    if (deadline === undefined) {
      await ledger.exclusively(setDeadline);
      return keep();
    }
    const attempt = inAttempt(ledger.state());
    const { at, passed } = deadline;
    const key = `${round} ${phase} ${at}`;
    if (passed || timed === key) return;
    cancel();
    timed = key;
    // If the clock was set back or forward meanwhile, the wait is still between zero and the whole
    // time.
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
