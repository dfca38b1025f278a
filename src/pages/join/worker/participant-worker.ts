/**
 * The thread in which a page takes part. It handles commands one after the other, and sends events.
 */
import '../../common/no-eval.js';
import type { PageCommand, WorkerEvent } from '../state/messages.js';
import { carryingOut } from './page-commands.js';

const carryOut = carryingOut((event: WorkerEvent) => postMessage(event));
let last = Promise.resolve();
addEventListener('message', ({ data: command }: MessageEvent<PageCommand>) => {
  last = last.then(() => carryOut(command));
});
