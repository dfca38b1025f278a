/** What a page needs besides the library: ONNX Runtime as WebAssembly, and a participant's end of the hub. */

export { forgetPageFolder, pageFolder } from './federation/page-folder.js';
export { type OrtWeb, ortWeb } from './runtime/ort-web.js';
export type { HubParticipant } from './transport/hub/hub-participant.js';
export { type JoinFromPageOptions, joinHubFromPage } from './transport/hub/join-hub-from-page.js';
