import { itRunsTheSameFederation } from './same-federation.js';

itRunsTheSameFederation(2, /^onnxruntime-web \d+\.\d+\.\d+, wasm, 2 threads$/);
