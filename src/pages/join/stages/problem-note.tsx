/** Shows a problem, and what to do about it. */
import type { Problem } from '../state/join-state.js';

export function ProblemNote({ problem: { message, hint } }: { readonly problem: Problem }) {
  return (
    <div class="note alert" role="alert">
      <p>{sentence(message)}</p>
      {hint !== undefined && <p>To do: {ended(hint)}</p>}
    </div>
  );
}

const ended = (text: string) => (/[.…]$/.test(text) ? text : `${text}.`);

/** "the token is not valid" → "The token is not valid." */
const sentence = (text: string) => ended(text.charAt(0).toUpperCase() + text.slice(1));
