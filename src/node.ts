/** What needs Node: native speed, worker threads, files. */

export { loadDataset } from './data/images/node/load-dataset.js';
export { loadSiteTables, type TablesToLoad } from './data/node/load-data.js';
export { besideModel } from './engine/onnx/import/node/read-beside.js';
export { ortNode } from './engine/runtime/node/ort-node.js';
export {
  type ComparedResult,
  type ComparisonOptions,
  compareStrategies,
} from './experiments/compare-strategies.js';
export { type ReplayOptions, type ReplayOutcome, replayRun } from './experiments/replay.js';
export {
  type FederationOptions,
  runFederation,
} from './federation/coordinator/run-federation.js';
export {
  type Opening,
  type ServeOptions,
  serveFederation,
} from './federation/coordinator/serve-federation.js';
export { type JoinOptions, joinFederation } from './federation/participant/node/join-federation.js';
export { loadOwnData, type OwnDataOptions } from './federation/participant/node/load-own-data.js';
export { participantFolder } from './federation/participant/node/participant-folder.js';
export { profile } from './federation/plan/profiles.js';
export type { FederationOutcome } from './federation/record/conclude-run.js';
export { mergeAlignedFiles } from './merge/files/merge-aligned-files.js';
export { mergeFiles } from './merge/files/merge-files.js';
export { mergeLoraFiles } from './merge/files/merge-lora-files.js';
export { type JoinHubOptions, joinHub } from './transport/hub/client/node/join-hub.js';
export { type HubOperator, operateHub } from './transport/hub/client/node/operate-hub.js';
export { openTokens, type Tokens } from './transport/hub/server/guard/tokens.js';
export { type HubOptions, openHub } from './transport/hub/server/hub.js';
