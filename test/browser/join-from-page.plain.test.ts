import { itRunsTheSameFederation } from './same-federation.js';

itRunsTheSameFederation(1, /^onnxruntime-web \d+\.\d+\.\d+, wasm, 1 thread$/);
