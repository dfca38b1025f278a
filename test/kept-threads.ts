/** Files that share processes share training threads, too: starting one takes 50 ms of a processor. */
import { keepThreads } from '../src/training/threads/node/threads.js';

const state = globalThis as { keepsThreads?: boolean };
if (!state.keepsThreads) keepThreads();
state.keepsThreads = true;
