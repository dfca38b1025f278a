/**
 * The messages between the page and its participant worker. The worker takes part: it holds the
 * connection, the data and the model. The page shows what the worker reports, and hands on what the
 * user wants. So no work is done in the thread that draws.
 */

import type { PageFile } from '../../../data/images/page/page-files.js';
import type { Figures, MetricFacts } from '../../../metrics/metric.js';
import type { Progress } from '../../../protocol/announcement.js';

/** What the user wants, in the order in which it can be wanted. */
export type PageCommand =
  /** First of all. Goes on by itself where this device was taking part before. */
  | {
      readonly type: 'open';
      readonly url: string;
      readonly token: string;
      readonly coordinatorKey?: string | undefined;
    }
  | { readonly type: 'read'; readonly files: readonly PageFile[] }
  | { readonly type: 'demonstration' }
  /** Other data, before the start. */
  | { readonly type: 'choose-again' }
  | { readonly type: 'start'; readonly shareLabelCounts: boolean }
  | { readonly type: 'leave' }
  /** Everything that this federation has left on this device. */
  | { readonly type: 'forget' }
  /** A picture for the merged model; `id` comes back with the answer. */
  | { readonly type: 'predict'; readonly id: number; readonly picture: Picture }
  | { readonly type: 'export'; readonly format: ModelFormat };

/** A file, or one of one's own examples by its place among those shown. */
export type Picture = { readonly file: File } | { readonly sample: number };

export type ModelFormat = 'safetensors' | 'onnx';

/** Its end. Texts are whole sentences, or go behind "because". */
export type WorkerEvent =
  | { readonly type: 'federation'; readonly federation: FederationFacts }
  | { readonly type: 'reading'; readonly done: number; readonly of: number }
  /** `resumed`: kept since an earlier visit of this page. */
  | { readonly type: 'data'; readonly data: DataSummary; readonly resumed: boolean }
  /** The data cannot be taken; other data may. */
  | { readonly type: 'data-refused'; readonly message: string; readonly hint: string | undefined }
  | { readonly type: 'started'; readonly resumed: boolean }
  /** What computes, such as "onnxruntime-web 1.30.0, wasm, 2 threads". */
  | { readonly type: 'runtime'; readonly runtime: string }
  /** What the coordinator asks for, and whether of this participant. */
  | {
      readonly type: 'assigned';
      readonly round: number;
      readonly activity: 'train' | 'evaluate' | 'wait';
      readonly own: boolean;
    }
  | { readonly type: 'progress'; readonly progress: Progress }
  /** Of a model that is on its way. */
  | { readonly type: 'moving'; readonly direction: 'up' | 'down'; readonly bytes: number }
  /** Such as that the GPU cannot be used. */
  | { readonly type: 'notice'; readonly notice: string }
  | { readonly type: 'trained'; readonly round: number; readonly kept: boolean }
  | { readonly type: 'round'; readonly round: RoundFacts }
  /** The coordinator does not take what was handed in. */
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
  /** It cannot go on. */
  | {
      readonly type: 'failed';
      readonly kind: FailureKind;
      readonly message: string;
      readonly hint: string | undefined;
    };

/**
 * Another page has come with the same token; the hub does not let it in; its own work fails;
 * anything else.
 */
export type FailureKind = 'replaced' | 'not-let-in' | 'work' | 'other';

/** What this federation is about, in words where the page needs no more. */
export interface FederationFacts {
  readonly participant: string;
  readonly others: readonly string[];
  readonly network: string;
  readonly training: string;
  readonly merging: string;
  /** The main one of the task. */
  readonly metric: MetricFacts;
  readonly rounds: number;
  readonly classNames: readonly string[];
  /** [C,H,W]. */
  readonly imageShape: readonly [number, number, number];
  /** What travels with each update besides the weights. */
  readonly besides: readonly string[];
  /** The hub has a share of Fashion-MNIST to give, as a demonstration. */
  readonly demonstration: boolean;
  /** Some tensors stay with each participant, who has a model of its own in the end. */
  readonly isPersonal?: boolean;
}

/** A few of the images, as they are trained on. */
export interface SamplePicture {
  readonly className: string;
  /** [C,H,W], bytes. */
  readonly pixels: Uint8Array;
}

export interface DataSummary {
  readonly name: string;
  readonly training: number;
  readonly validation: number;
  /** Of every class, in the order of `classNames`. */
  readonly counts: readonly number[];
  readonly samples: readonly SamplePicture[];
  readonly notices: readonly string[];
}

/** What is known of a round here; figures are on validation examples of one's own. */
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
  /** The merged model, where there is one. */
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
  /** What the network was shown: [C,H,W], bytes. */
  readonly pixels: Uint8Array;
}
