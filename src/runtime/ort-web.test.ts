import * as ort from 'onnxruntime-web';
import { ortWeb } from './ort-web.js';
import { describeRuntime } from './runtime.contract.js';

// WebAssembly as in a page; Node executes the same binary.
describeRuntime(await ortWeb(ort, { threads: 1 }));
