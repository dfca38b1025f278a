/** What a page needs besides the library: ONNX Runtime in it, a participant's end of the hub, and what it takes to train and take part. */

export { joinFederationFromPage, type PageJoinOptions } from './federation/join-federation-from-page.js';
export { forgetPageFolder, pageFolder } from './federation/page-folder.js';
export { type PageRuntime, type PageTasks, pageTasks } from './federation/page-tasks.js';
export { ortInPage } from './runtime/ort-in-page.js';
export { type OrtWeb, type OrtWebOptions, ortWeb } from './runtime/ort-web.js';
export type { HubParticipant } from './transport/hub/hub-participant.js';
export { type JoinFromPageOptions, joinHubFromPage } from './transport/hub/join-hub-from-page.js';
