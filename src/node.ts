/** What needs Node: native speed, worker threads, files. */

export { loadDataset } from './data/load-dataset.js';
export {
  type ComparedResult,
  type ComparisonOptions,
  compareStrategies,
} from './federation/compare-strategies.js';
export type { FederationOutcome } from './federation/conclude-run.js';
export { type JoinOptions, joinFederation } from './federation/join-federation.js';
export { loadOwnData, type OwnDataOptions } from './federation/load-own-data.js';
export { participantFolder } from './federation/participant-folder.js';
export { profile } from './federation/profiles.js';
export { type ReplayOptions, type ReplayOutcome, replayRun } from './federation/replay.js';
export {
  type FederationOptions,
  runFederation,
} from './federation/run-federation.js';
export { type Opening, type ServeOptions, serveFederation } from './federation/serve-federation.js';
export { mergeAlignedFiles } from './merge/merge-aligned-files.js';
export { mergeFiles } from './merge/merge-files.js';
export { mergeLoraFiles } from './merge/merge-lora-files.js';
export { ortNode } from './runtime/ort-node.js';
export { type HubOptions, openHub } from './transport/hub/hub.js';
export { type JoinOptions as JoinHubOptions, joinHub } from './transport/hub/join-hub.js';
export { type HubOperator, operateHub } from './transport/hub/operate-hub.js';
export { openTokens, type Tokens } from './transport/hub/tokens.js';
