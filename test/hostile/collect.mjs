// Preloaded into a coordinator: on SIGUSR2 it collects garbage and says how much memory is left, in
// MB.
import { writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

process.on('SIGUSR2', async () => {
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await delay(50);
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  const megabytes = (bytes) => Math.round(bytes / 1e5) / 10;
  writeSync(2, `memory ${megabytes(heapUsed + external)} ${megabytes(rss)}\n`);
});
