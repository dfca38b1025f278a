/**
 * What a page needs besides the library: ONNX Runtime in it, a participant's end of the hub, its
 * data, and what it takes to train and take part.
 */

export { decodePicture } from './data/images/page/page-pictures.js';
export type { PictureSize } from './data/images/picture-checks.js';
export { exampleRgba, sampleExamples } from './data/images/samples.js';
export { filesOfDrop, filesOfInput, type PageFile } from './data/page/page-files.js';
export { ortInPage } from './engine/runtime/page/ort-in-page.js';
export { type OrtWeb, type OrtWebOptions, ortWeb } from './engine/runtime/page/ort-web.js';
export { demonstrationShare } from './federation/participant/demonstration-share.js';
export {
  joinFederationFromPage,
  type PageJoinOptions,
} from './federation/participant/page/join-federation-from-page.js';
export { type KeptData, keptData } from './federation/participant/page/kept-data.js';
export { type PageDataOptions, readPageData } from './federation/participant/page/page-data.js';
export { forgetPageFolder, pageFolder } from './federation/participant/page/page-folder.js';
export { type PageRuntime, type PageTasks, pageTasks } from './training/threads/page/page-tasks.js';
export type { HubParticipant } from './transport/hub/client/hub-participant.js';
export { type JoinFromPageOptions, joinHubFromPage } from './transport/hub/client/page/join-hub-from-page.js';
