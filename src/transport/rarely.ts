/**
 * Reports the first time, the tenth, the hundredth and so on of an event that others can cause as
 * often as they like.
 */
export function rarely(tell: ((what: string) => void) | undefined): (what: string) => void {
  let count = 0;
  return (what) => {
    count++;
    if (/^10*$/.test(String(count))) tell?.(count === 1 ? what : `${what} (${count} times so far)`);
  };
}
