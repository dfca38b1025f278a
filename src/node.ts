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
export {
  type FederationOptions,
  runFederation,
} from './federation/run-federation.js';
export { mergeAlignedFiles } from './merge/merge-aligned-files.js';
export { mergeFiles } from './merge/merge-files.js';
export { ortNode } from './runtime/ort-node.js';
