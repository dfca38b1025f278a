/** The library: everything that runs in Node and in browsers alike. */

export { gradients } from './autodiff/gradients.js';
export { newSecretKey, type SecretKey } from './crypto/signing.js';
export type { Augmentation } from './data/augmentation.js';
export { allIndices, batches, createBatch, epochOrder, fillBatch } from './data/batches.js';
export { type ImageDataset, imageDataset, subset, type TrainTestSplit } from './data/image-dataset.js';
export { type BatchSource, type BatchTask, batchesHere } from './data/training-batches.js';
export { evaluateState } from './evaluation/evaluate.js';
export { fisherInformation } from './evaluation/fisher-information.js';
export { accuracy, accuracyByClass, addMetrics, type Metrics, meanLoss } from './evaluation/metrics.js';
export { type FeatureSessions, sumFeatures } from './evaluation/sum-features.js';
export { compileDescription } from './federation/description.js';
export { type LocalData, type LocalWork, trainLocally } from './federation/local-training.js';
export { type OwnData, ownData } from './federation/own-data.js';
export type { ParticipantFolder } from './federation/participant-files.js';
export { applyEvent, dueCommands, type RunState, startRun } from './federation/round.js';
export type { RoundEvent } from './federation/round-events.js';
export type { RunResult } from './federation/run-result.js';
export { type ShareChoice, shareChoice } from './federation/share-choice.js';
export {
  type TakePartEvent,
  type TakePartObserver,
  type TakePartOptions,
  type TakePartOutcome,
  takePart,
} from './federation/take-part.js';
export * as graph from './graph/build.js';
export { evaluate } from './graph/evaluate.js';
export type { Graph, Value } from './graph/value.js';
export { absmax } from './merge/absmax.js';
export { type AlignOptions, alignUpdates } from './merge/align.js';
export { averageStep, ema, type ModelAverage, swa } from './merge/average/model-average.js';
export { max } from './merge/max.js';
export { mean } from './merge/mean.js';
export { merge, type Update } from './merge/merge.js';
export type { PermutationGroup } from './merge/permutation-group.js';
export { addSums, emptySums, type FeatureSums, ridgeSolution } from './merge/refit/feature-sums.js';
export { diLoCo } from './merge/server/di-lo-co.js';
export { fedAdagrad } from './merge/server/fed-adagrad.js';
export { fedAdam } from './merge/server/fed-adam.js';
export { fedAvgM } from './merge/server/fed-avg-m.js';
export { fedYogi } from './merge/server/fed-yogi.js';
export {
  initialSlots,
  type ServerOptimizer,
  type ServerSlot,
  type ServerStep,
  serverStep,
} from './merge/server/server-optimizer.js';
export { strategyByName, strategyNames } from './merge/strategies.js';
export type { Combination, Grams, Strategy, Survey } from './merge/strategy.js';
export { carryOf } from './nn/carry.js';
export type { Correction } from './nn/corrections/correction.js';
export { fedBabu } from './nn/corrections/fed-babu.js';
export { fedLc } from './nn/corrections/fed-lc.js';
export { fedNtd } from './nn/corrections/fed-ntd.js';
export { fedProx } from './nn/corrections/fed-prox.js';
export { fedRs } from './nn/corrections/fed-rs.js';
export { scaffold } from './nn/corrections/scaffold.js';
export { exportInference } from './nn/export-inference.js';
export { compileFeaturePlan, type FeatureOptions, type FeaturePlan } from './nn/feature-plan.js';
export { compileFisherPlan, type FisherOptions, type FisherPlan } from './nn/fisher-plan.js';
export * as initializers from './nn/initializers.js';
export * as layers from './nn/layers.js';
export { meanSquaredError, softmaxCrossEntropy } from './nn/losses.js';
export { lenet5 } from './nn/models/lenet5.js';
export { mlp } from './nn/models/mlp.js';
export { paperCnn } from './nn/models/paper-cnn.js';
export { resnet8 } from './nn/models/resnet8.js';
export { initialState, layoutOf, type Network, parametersOf, type Scope } from './nn/network.js';
export { adam, type Optimizer, sgd } from './nn/optimizers.js';
export { permutationGroups } from './nn/permutation-groups.js';
export { compilePlan, type Plan, type PlanOptions } from './nn/plan.js';
export { constantSchedule, cosine, linearWarmUp, oneCycle, type Schedule } from './nn/schedules.js';
export { lower } from './onnx/lower/lower.js';
export { type Partitioner, partition, type Share } from './partition/partition.js';
export { partitionByName, partitionerNames } from './partition/partitioners.js';
export {
  type Configuration,
  type ConfigurationInput,
  parseConfiguration,
} from './protocol/configuration.js';
export { type Signer, signer } from './protocol/signed.js';
export type { Runtime, Session } from './runtime/runtime.js';
export { CommonweightError } from './tensor/error.js';
export { type RandomStream, randomStream } from './tensor/random.js';
export { decodeSafetensors, encodeSafetensors } from './tensor/safetensors.js';
export { type StateDict, type StateLayout, stateLayout, tensorView } from './tensor/state-dict.js';
export type { Tensor } from './tensor/tensor.js';
export { OtherKeyError } from './transport/coordinator-voice.js';
export { type InProcess, inProcess } from './transport/in-process.js';
export type {
  BlobFolder,
  CoordinatorEnd,
  ParticipantEnd,
  Reception,
  SignedReception,
} from './transport/transport.js';
