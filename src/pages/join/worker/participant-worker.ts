/** The thread in which a page takes part. Commands come in one after the other; events go out. */
import '../../common/no-eval.js';
import type { PageCommand, WorkerEvent } from '../state/messages.js';
import { participant } from './participant.js';

const carryOut = participant((event: WorkerEvent) => postMessage(event));
let last = Promise.resolve();
addEventListener('message', ({ data: command }: MessageEvent<PageCommand>) => {
  last = last.then(() => carryOut(command));
});
