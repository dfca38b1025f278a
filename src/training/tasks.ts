/** The tasks of workers, and their results. Everything here can be cloned between threads. */
import type { Dataset } from '../data/dataset.js';
import type { FeaturePlan } from '../engine/nn/feature-plan.js';
import type { Plan } from '../engine/nn/plan.js';
import type { SumPlan } from '../engine/nn/sum-plan.js';
import type { FeatureSums } from '../merge/refit/feature-sums.js';
import type { Metrics } from '../metrics/metrics.js';
import type { LocalProgress, LocalResult, LocalWork } from './local-training.js';

/** The examples of one set: a participant's part, or the test examples. */
export interface ExampleSet {
  readonly source: 'train' | 'test';
  readonly indices: Uint32Array;
}

/** The setup that every worker gets once. The data lie in shared memory. */
export interface WorkerSetup {
  readonly plan: Plan;
  /** The values of the plan's frozen tensors. */
  readonly frozen?: Float32Array | undefined;
  readonly train: Dataset;
  /** The coordinator's test examples; participants on other machines have none. */
  readonly test?: Dataset | undefined;
  /** Set if the last layer is refitted. */
  readonly features?: FeaturePlan | undefined;
  /** Of the sums over examples that methods of the federation compute, by the method's name. */
  readonly sums?: Readonly<Record<string, SumPlan>> | undefined;
  /** The data of attackers, if they differ. */
  readonly poisoned?: Dataset | undefined;
}

interface ModelTask {
  /** The values of the plan's frozen tensors, if the setup does not have them. */
  readonly frozen?: Float32Array | undefined;
}

export interface TrainTask extends ModelTask {
  readonly type: 'train';
  readonly work: LocalWork;
  readonly base: Float32Array;
  readonly train: Uint32Array;
  readonly validation: Uint32Array;
  /** Whether to train on the poisoned set, at the same places. */
  readonly poisoned?: boolean | undefined;
}

export interface EvaluateTask extends ModelTask {
  readonly type: 'evaluate';
  readonly state: Float32Array;
  readonly examples: ExampleSet;
  /** Whether the sums of each example by itself are wanted, which takes as long as its batch. */
  readonly each?: boolean | undefined;
}

/**
 * Asks for the sums of the features that go into the last layer, over a participant's own training
 * examples.
 */
export interface SumFeaturesTask extends ModelTask {
  readonly type: 'sum-features';
  readonly state: Float32Array;
  readonly train: Uint32Array;
}

/** The mean of what a method's sum plan gives, over some of a participant's training examples. */
export interface MeanTask extends ModelTask {
  readonly type: 'mean';
  /** The name of its plan. */
  readonly of: string;
  readonly state: Float32Array;
  readonly indices: Uint32Array;
  /** The key of the stream of random signs. */
  readonly signs: readonly (number | string)[];
}

/** Asks for the answer to the survey of some of a participant's training examples. */
export interface SurveyTask {
  readonly type: 'survey';
  readonly rows: Uint32Array;
  /** Counts below are hidden. */
  readonly smallestCount: number;
  /** Whether only targets are asked about. */
  readonly ofTargets?: boolean | undefined;
}

export type WorkerTask = TrainTask | EvaluateTask | SumFeaturesTask | MeanTask | SurveyTask;

/**
 * Carries out tasks: a pool of threads, or the caller itself. A signal gives up only the task that
 * it is passed with.
 */
export interface TaskRunner {
  /** @throws InterruptedError when the task was given up before it was done. */
  train(
    task: TrainTask,
    onProgress?: (progress: LocalProgress) => void,
    signal?: AbortSignal,
  ): Promise<LocalResult>;
  evaluate(task: EvaluateTask, signal?: AbortSignal): Promise<Metrics>;
  /** Needed if the last layer is refitted. */
  sumFeatures?(task: SumFeaturesTask): Promise<FeatureSums>;
  /** Asked for where a method has a plan of its own. In the layout of the state. */
  mean?(task: MeanTask, signal?: AbortSignal): Promise<Float32Array>;
  /** Asked for where round 1 begins with a survey. */
  survey?(task: SurveyTask, signal?: AbortSignal): Promise<Float64Array>;
  /** Gives up all tasks, between two steps; each is rejected with InterruptedError. */
  stop(): void;
}

/** Undefined if the task was given up. */
export type TaskResult = LocalResult | Metrics | FeatureSums | Float32Array | Float64Array | undefined;

export interface TaskMessage {
  readonly type: 'task';
  readonly id: number;
  readonly task: WorkerTask;
}

/** An error in the form that passes between threads, where errors lose their kind. */
export interface WorkerFailure {
  readonly message: string;
  readonly hint: string | undefined;
  readonly stack: string | undefined;
  readonly kind: 'diverged' | 'user' | 'internal';
}

export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'progress'; readonly id: number; readonly progress: LocalProgress }
  | { readonly type: 'done'; readonly id: number; readonly result: TaskResult }
  | ({ readonly type: 'failed'; readonly id: number } & WorkerFailure);
