/** What is wrong, and what to do. */
import type { Problem } from './join-state.js';

export function ProblemNote({ problem: { message, hint } }: { readonly problem: Problem }) {
  return (
    <div class="note alert" role="alert">
      <p>{ended(message)}</p>
      {hint !== undefined && <p>To do: {ended(hint)}</p>}
    </div>
  );
}

/** As a sentence. */
const ended = (text: string) => (/[.…]$/.test(text) ? text : `${text}.`);
