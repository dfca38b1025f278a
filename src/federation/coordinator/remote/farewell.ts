/** After the end of a run: waits while all participants fetch the final model and say goodbye. */
import type { Clock } from '../../rounds/clock.js';
import { membersHere } from '../../rounds/membership.js';
import type { Ledger } from './ledger.js';
import type { Presences } from './presence.js';

/** A participant that has said goodbye still waits for the receipt. */
const LAST_WORDS_SECONDS = 3;

/** Waits until all have said goodbye and left, or this many seconds have passed. */
export async function waitForGoodbyes(
  ledger: Ledger,
  presences: () => Presences,
  clock: Clock,
  seconds: number,
  signal?: AbortSignal,
): Promise<void> {
  let over = false;
  const end = () => {
    over = true;
    ledger.wake();
  };
  let cancel = clock.after(seconds, end);
  signal?.addEventListener('abort', end);
  const goodbye = () => membersHere(ledger.state().members).length === 0;
  const gone = () => [...presences().values()].every(({ present }) => !present);
  for (let said = false; ; ) {
    const woken = ledger.woken();
    if (over || signal?.aborted || (goodbye() && gone())) break;
    if (goodbye() && !said) {
      said = true;
      cancel();
      cancel = clock.after(LAST_WORDS_SECONDS, end);
    }
    await woken;
  }
  cancel();
  signal?.removeEventListener('abort', end);
}
