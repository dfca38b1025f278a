/** What a page needs besides the library: ONNX Runtime in it, a participant's end of the hub, its data, and what it takes to train and take part. */

export { filesOfDrop, filesOfInput, type PageFile } from './data/page-files.js';
export { decodePicture } from './data/page-pictures.js';
export type { PictureSize } from './data/picture-checks.js';
export { exampleRgba, sampleExamples } from './data/samples.js';
export { demonstrationShare } from './federation/demonstration-share.js';
export { joinFederationFromPage, type PageJoinOptions } from './federation/join-federation-from-page.js';
export { type KeptData, keptData } from './federation/kept-data.js';
export { type PageDataOptions, readPageData } from './federation/page-data.js';
export { forgetPageFolder, pageFolder } from './federation/page-folder.js';
export { type PageRuntime, type PageTasks, pageTasks } from './federation/page-tasks.js';
export { ortInPage } from './runtime/ort-in-page.js';
export { type OrtWeb, type OrtWebOptions, ortWeb } from './runtime/ort-web.js';
export type { HubParticipant } from './transport/hub/hub-participant.js';
export { type JoinFromPageOptions, joinHubFromPage } from './transport/hub/join-hub-from-page.js';
