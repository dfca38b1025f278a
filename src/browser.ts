/** What a page needs besides the library: ONNX Runtime as WebAssembly. */

export { type OrtWeb, ortWeb } from './runtime/ort-web.js';
