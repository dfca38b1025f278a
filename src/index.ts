/** The library: everything that runs in Node and in browsers alike. */

export { CommonweightError } from './base/error.js';
export { type RandomStream, randomStream } from './base/random.js';
export { newSecretKey, type SecretKey } from './crypto/signing.js';
export { type ArrayColumn, type ArrayColumns, arrayDataset } from './data/arrays/array-dataset.js';
export { featureStatistics } from './data/arrays/feature-statistics.js';
export { allIndices, batches, createBatch, epochOrder, fillBatch } from './data/batches/batches.js';
export { type BatchSource, type BatchTask, batchesHere } from './data/batches/training-batches.js';
export { type Column, type Dataset, subset, type TrainTestSplit } from './data/dataset.js';
export { type Feature, MISSING_NUMBER } from './data/features.js';
export type { Augmentation } from './data/images/augmentation.js';
export { type ImageDataset, imageDataset } from './data/images/image-dataset.js';
export type { Meaning } from './data/meaning.js';
export { type Partitioner, partition, type Share } from './data/partition/partition.js';
export { partitionByName, partitionerNames } from './data/partition/partitioners.js';
export { type SiteDifference, siteDifferences } from './data/survey/site-differences.js';
export { type SitesSurvey, type SiteTable, surveySites } from './data/survey/site-survey.js';
export { gradients } from './engine/autodiff/gradients.js';
export { evaluate } from './engine/graph/evaluate.js';
export * as graph from './engine/graph/functions.js';
export type { Graph, Value } from './engine/graph/value.js';
export { carryOf } from './engine/nn/carry.js';
export type { Correction } from './engine/nn/corrections/correction.js';
export { fedBabu } from './engine/nn/corrections/fed-babu.js';
export { fedLc } from './engine/nn/corrections/fed-lc.js';
export { fedNtd } from './engine/nn/corrections/fed-ntd.js';
export { fedProx } from './engine/nn/corrections/fed-prox.js';
export { fedRs } from './engine/nn/corrections/fed-rs.js';
export { scaffold } from './engine/nn/corrections/scaffold.js';
export { exportInference } from './engine/nn/export-inference.js';
export { compileFeaturePlan, type FeatureOptions, type FeaturePlan } from './engine/nn/feature-plan.js';
export { compileFisherPlan, type FisherOptions } from './engine/nn/fisher-plan.js';
export {
  type ImportedNetwork,
  type ImportOptions,
  importNetwork,
} from './engine/nn/imported/import-network.js';
export {
  type AttentionLayer,
  attention,
  type EncoderLayer,
  encoderLayer,
} from './engine/nn/layers/attention.js';
export { batchNorm } from './engine/nn/layers/batch-norm.js';
export * as initializers from './engine/nn/layers/initializers.js';
export * as layers from './engine/nn/layers/layers.js';
export {
  initialState,
  layoutOf,
  type Network,
  parametersOf,
  type Scope,
} from './engine/nn/layers/network.js';
export { maskedMean, paddingMask } from './engine/nn/layers/padding.js';
export { onFeatures } from './engine/nn/layers/preprocess.js';
export { type NumberStatistics, preprocessConstants } from './engine/nn/layers/preprocess-constants.js';
export { gru, lstm, type RecurrentLayer, type RecurrentResult } from './engine/nn/layers/recurrent.js';
export { onStandardized, standardize, standardizedBy } from './engine/nn/layers/standardize.js';
export { bagOfEmbeddings } from './engine/nn/models/bag-of-embeddings.js';
export { cnn1d } from './engine/nn/models/cnn1d.js';
export { lenet5 } from './engine/nn/models/lenet5.js';
export { linearModel } from './engine/nn/models/linear-model.js';
export { mlp } from './engine/nn/models/mlp.js';
export { type Normalization, onPixels, pixels } from './engine/nn/models/normalize-pixels.js';
export { paperCnn } from './engine/nn/models/paper-cnn.js';
export { resnet8 } from './engine/nn/models/resnet8.js';
export { tabularResnet } from './engine/nn/models/tabular-resnet.js';
export { transformer } from './engine/nn/models/transformer.js';
export { unet } from './engine/nn/models/unet.js';
export { adam, type Optimizer, sgd } from './engine/nn/optimizers.js';
export { permutationGroups } from './engine/nn/permutation-groups.js';
export { compilePlan, type Plan, type PlanOptions } from './engine/nn/plan.js';
export { constantSchedule, cosine, linearWarmUp, oneCycle, type Schedule } from './engine/nn/schedules.js';
export { type NetworkOnBatch, networkOnBatch, type SumPlan } from './engine/nn/sum-plan.js';
export { meanSquaredError, softmaxCrossEntropy } from './engine/nn/tasks/class-losses.js';
export { classification } from './engine/nn/tasks/classification.js';
export { regression } from './engine/nn/tasks/regression.js';
export { segmentation } from './engine/nn/tasks/segmentation.js';
export type { Metric, Task } from './engine/nn/tasks/task.js';
export { lower } from './engine/onnx/lower/lower.js';
export type { Runtime, Session } from './engine/runtime/runtime.js';
export type {
  Bound,
  Computed,
  Method,
  MethodMerge,
  MethodRound,
  MethodStart,
  ParticipantAttachment,
} from './federation/methods/method.js';
export type { ParticipantFolder } from './federation/participant/kept/participant-files.js';
export { type OwnData, ownData } from './federation/participant/own-data.js';
export {
  type TakePartEvent,
  type TakePartObserver,
  type TakePartOptions,
  type TakePartOutcome,
  takePart,
} from './federation/participant/take-part.js';
export { compileDescription, type DescriptionOptions } from './federation/plan/description.js';
export type { Extensions } from './federation/plan/extensions.js';
export { type ShareChoice, shareChoice } from './federation/plan/share-choice.js';
export type { RunResult } from './federation/record/run-result.js';
export type { Phase, RoundRules, RunState } from './federation/rounds/round.js';
export type { RoundEvent } from './federation/rounds/round-events.js';
export { applyEvent, dueCommands, isFinished, startRun } from './federation/rounds/rounds.js';
export { type AlignOptions, alignUpdates } from './merge/align/align.js';
export { averageStep, ema, type ModelAverage, swa } from './merge/average/model-average.js';
export { merge, type Update } from './merge/memory/merge.js';
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
export { absmax } from './merge/strategies/absmax.js';
export { max } from './merge/strategies/max.js';
export { mean } from './merge/strategies/mean.js';
export { strategyByName, strategyNames } from './merge/strategies/strategies.js';
export type { Combination, Grams, Strategy, Survey } from './merge/strategy.js';
export { figuresOf } from './metrics/classification.js';
export { accuracyByClass } from './metrics/confusion.js';
export { accuracy, addMetrics, type Metrics, meanLoss } from './metrics/metrics.js';
export {
  type Configuration,
  type ConfigurationInput,
  parseConfiguration,
} from './protocol/configuration/configuration.js';
export { type Signer, signer } from './protocol/signed.js';
export type { PermutationGroup } from './tensor/permutation-group.js';
export { decodeSafetensors, encodeSafetensors } from './tensor/safetensors.js';
export { type StateDict, type StateLayout, stateLayout, tensorView } from './tensor/state-dict.js';
export type { Tensor } from './tensor/tensor.js';
export { evaluateState } from './training/evaluate.js';
export { type LocalData, type LocalWork, trainLocally } from './training/local-training.js';
export { meanOverExamples } from './training/mean-over-examples.js';
export { type FeatureSessions, sumFeatures } from './training/sum-features.js';
export type { Codec, Part, PartValues } from './transforms/codec/codec.js';
export { OtherKeyError } from './transport/coordinator-voice.js';
export { type InProcess, inProcess } from './transport/in-process.js';
export type {
  BlobFolder,
  CoordinatorEnd,
  CoordinatorHandlers,
  ParticipantEnd,
  SigningHandlers,
} from './transport/transport.js';
