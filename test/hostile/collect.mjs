// Preloaded into a coordinator: on SIGUSR2 it collects garbage, and prints how much memory is left
// in MB, and for how many milliseconds its event loop has been busy without a turn for others, at
// most, since the last time; at its end that once more.
import { readFileSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

// Time of the processor that the main thread has had: what other processes take from it does not
// count.
const schedule = `/proc/self/task/${process.pid}/schedstat`;
function processorMs() {
  try {
    return Number(readFileSync(schedule, 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return 0;
  }
}

let last = processorMs();
let longest = 0;
setInterval(() => {
  const now = processorMs();
  longest = Math.max(longest, now - last);
  last = now;
}, 5).unref();

process.on('exit', () => writeSync(2, `busy ${Math.round(longest)}\n`));

process.on('SIGUSR2', async () => {
  const busy = longest;
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await delay(50);
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  const megabytes = (bytes) => Math.round(bytes / 1e5) / 10;
  writeSync(2, `memory ${megabytes(heapUsed + external)} ${megabytes(rss)} ${Math.round(busy)}\n`);
  longest = 0;
});
