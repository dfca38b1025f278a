/**
 * The messages between the page and its participant worker. The worker takes part: it holds the
 * connection, the data and the model. The page shows the worker's events, and sends it the user's
 * actions. So no work is done in the thread that draws.
 */

import type { PageFile } from '../../../data/images/page/page-files.js';
import type { Figures, MetricFacts } from '../../../metrics/metric.js';
import type { Progress } from '../../../protocol/announcement.js';

/** The actions of the user, in the order in which they are possible. */
export type PageCommand =
  /** The first command. Resumes by itself if this device was taking part before. */
  | {
      readonly type: 'open';
      readonly url: string;
      readonly token: string;
      readonly coordinatorKey?: string | undefined;
    }
  | { readonly type: 'read'; readonly files: readonly PageFile[] }
  | { readonly type: 'demonstration' }
  /** Choose other data, before the start. */
  | { readonly type: 'choose-again' }
  | { readonly type: 'start'; readonly shareLabelCounts: boolean }
  | { readonly type: 'leave' }
  /** Remove everything that this federation has left on this device. */
  | { readonly type: 'forget' }
  /** A picture for the merged model; `id` comes back with the answer. */
  | { readonly type: 'predict'; readonly id: number; readonly picture: Picture }
  | { readonly type: 'export'; readonly format: ModelFormat };

/** A file, or one of the participant's own examples, by its place among those shown. */
export type Picture = { readonly file: File } | { readonly sample: number };

export type ModelFormat = 'safetensors' | 'onnx';

/** The worker's events. Texts are whole sentences, or can follow "because". */
export type WorkerEvent =
  | { readonly type: 'federation'; readonly federation: FederationFacts }
  | { readonly type: 'reading'; readonly done: number; readonly of: number }
  /** `resumed`: the data were kept since an earlier visit of this page. */
  | { readonly type: 'data'; readonly data: DataSummary; readonly resumed: boolean }
  /** The data cannot be used; other data may. */
  | { readonly type: 'data-refused'; readonly message: string; readonly hint: string | undefined }
  | { readonly type: 'started'; readonly resumed: boolean }
  /** The runtime, such as "onnxruntime-web 1.30.0, wasm, 2 threads". */
  | { readonly type: 'runtime'; readonly runtime: string }
  /** What the coordinator asks for, and whether this participant is asked. */
  | {
      readonly type: 'assigned';
      readonly round: number;
      readonly activity: 'train' | 'evaluate' | 'wait';
      readonly own: boolean;
    }
  | { readonly type: 'progress'; readonly progress: Progress }
  /** The bytes of a model that is being sent or received. */
  | { readonly type: 'moving'; readonly direction: 'up' | 'down'; readonly bytes: number }
  /** A notice, such as that the GPU cannot be used. */
  | { readonly type: 'notice'; readonly notice: string }
  | { readonly type: 'trained'; readonly round: number; readonly kept: boolean }
  | { readonly type: 'round'; readonly round: RoundFacts }
  /** The coordinator refused the participant's work. */
  | { readonly type: 'refused'; readonly round: number | undefined; readonly message: string }
  | { readonly type: 'given-up'; readonly round: number }
  | { readonly type: 'trouble'; readonly message: string }
  | { readonly type: 'connected' }
  | { readonly type: 'left' }
  | { readonly type: 'forgotten' }
  | { readonly type: 'finished'; readonly finish: Finish }
  | { readonly type: 'prediction'; readonly id: number; readonly prediction: Prediction }
  | { readonly type: 'prediction-failed'; readonly id: number; readonly message: string }
  | { readonly type: 'exported'; readonly format: ModelFormat; readonly bytes: Uint8Array<ArrayBuffer> }
  /** The worker cannot go on. */
  | {
      readonly type: 'failed';
      readonly kind: FailureKind;
      readonly message: string;
      readonly hint: string | undefined;
    };

/**
 * Another page uses the same token; the hub refuses the participant; its own work fails; anything
 * else.
 */
export type FailureKind = 'replaced' | 'not-let-in' | 'work' | 'other';

/** The facts of the federation, in words if the page only shows them. */
export interface FederationFacts {
  readonly participant: string;
  readonly others: readonly string[];
  readonly network: string;
  readonly training: string;
  readonly merging: string;
  /** The task's main metric. */
  readonly metric: MetricFacts;
  readonly rounds: number;
  readonly classNames: readonly string[];
  /** [C,H,W]. */
  readonly imageShape: readonly [number, number, number];
  /** The attachments of each update, in words. */
  readonly besides: readonly string[];
  /** Whether the hub lends a share of Fashion-MNIST, for a demonstration. */
  readonly demonstration: boolean;
  /** Whether some tensors stay with each participant, so that it ends with its own model. */
  readonly isPersonal?: boolean;
}

/** One of the images that are trained on. */
export interface SamplePicture {
  readonly className: string;
  /** [C,H,W], bytes. */
  readonly pixels: Uint8Array;
}

export interface DataSummary {
  readonly name: string;
  readonly training: number;
  readonly validation: number;
  /** The number of examples of every class, in the order of `classNames`. */
  readonly counts: readonly number[];
  readonly samples: readonly SamplePicture[];
  readonly notices: readonly string[];
}

/** The facts of a round that this participant knows. Figures are on its own validation examples. */
export interface RoundFacts {
  readonly round: number;
  readonly own?: Figures | undefined;
  readonly merged?: Figures | undefined;
  readonly loss?: number | undefined;
  readonly seconds?: number | undefined;
}

export interface Finish {
  readonly reason: 'every-participant-passed' | 'max-rounds' | 'stopped' | 'failed';
  readonly message: string | undefined;
  /** The merged model, if there is one. */
  readonly model: ModelFacts | undefined;
  /** Some tensors of the model are this participant's own. */
  readonly isPersonal?: boolean;
}

export interface ModelFacts {
  readonly classNames: readonly string[];
  /** [C,H,W]. */
  readonly imageShape: readonly [number, number, number];
  readonly parameters: number;
}

export interface Prediction {
  /** By class. */
  readonly probabilities: readonly number[];
  /** The network's input: [C,H,W], bytes. */
  readonly pixels: Uint8Array;
}
