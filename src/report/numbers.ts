/** Writes numbers for people. */

/** 0.9141 → "91.41%" */
export const percent = (fraction: number) => `${(100 * fraction).toFixed(2)}%`;

/** On an axis: 0.915 → "91.5%" */
export const wholePercent = (value: number) => `${Number((100 * value).toFixed(1))}%`;

/** 0.004 → "<1%"; all of it is 100% only if nothing is left. */
export function wholeShare(share: number): string {
  const whole = Math.round(100 * share);
  if (whole === 0 && share > 0) return '<1%';
  return whole === 100 && share < 1 ? '>99%' : `${whole}%`;
}

/** 60000 → "60,000" */
export const count = (value: number) => Math.round(value).toLocaleString('en-US');

/** "1 epoch", "2 epochs" */
export const plural = (value: number, noun: string) => `${count(value)} ${noun}${value === 1 ? '' : 's'}`;

/** 133 → "2 min 13 s" */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const [minutes, rest] = [Math.floor(whole / 60), whole % 60];
  if (minutes < 60) return `${minutes} min ${rest} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** 26421880 → "26.4 MB" */
export function byteSize(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}

/** A bar of `width` characters; outside 0 to 1 it is empty or full. */
export function bar(fraction: number, width: number): string {
  const filled = Math.round(Math.min(Math.max(fraction, 0), 1) * width);
  return '█'.repeat(filled) + '░'.repeat(width - filled);
}
