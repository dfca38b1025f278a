/** The longest that a timer of JavaScript waits. Told to wait longer, it is over at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;
