/** What a page needs besides the library: ONNX Runtime as WebAssembly, a participant's end of the hub, and its data. */

export { filesOfDrop, filesOfInput, type PageFile } from './data/page-files.js';
export { decodePicture } from './data/page-pictures.js';
export type { PictureSize } from './data/picture-checks.js';
export { exampleRgba, sampleExamples } from './data/samples.js';
export { type KeptData, keptData } from './federation/kept-data.js';
export { type PageDataOptions, readPageData } from './federation/page-data.js';
export { forgetPageFolder, pageFolder } from './federation/page-folder.js';
export { type OrtWeb, ortWeb } from './runtime/ort-web.js';
export type { HubParticipant } from './transport/hub/hub-participant.js';
export { type JoinFromPageOptions, joinHubFromPage } from './transport/hub/join-hub-from-page.js';
