import * as ort from 'onnxruntime-web';
import { describeRuntime } from '../runtime.contract.js';
import { ortWeb } from './ort-web.js';

// WebAssembly as in a page; Node executes the same binary.
describeRuntime(await ortWeb(ort, { threads: 1 }));
