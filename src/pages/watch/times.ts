/** Writes times by the clock of this device, in 24 hours. */

/** `12:03:10`, with the date if it is not today. */
export function timeOf(at: string | Date, now = new Date()): string {
  const moment = new Date(at);
  const two = (value: number) => String(value).padStart(2, '0');
  const time = [moment.getHours(), moment.getMinutes(), moment.getSeconds()].map(two).join(':');
  if (moment.toDateString() === now.toDateString()) return time;
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())} ${time}`;
}
