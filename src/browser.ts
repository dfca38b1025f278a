/** What a page needs besides the library: ONNX Runtime in it, and what it takes to train and take part there. */

export { joinFederationFromPage, type PageJoinOptions } from './federation/join-federation-from-page.js';
export { type PageRuntime, type PageTasks, pageTasks } from './federation/page-tasks.js';
export { ortInPage } from './runtime/ort-in-page.js';
export { type OrtWeb, type OrtWebOptions, ortWeb } from './runtime/ort-web.js';
