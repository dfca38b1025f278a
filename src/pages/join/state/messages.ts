/**
 * The messages between the page and its participant worker. The worker takes part: it holds the
 * connection, the data and the model. The page shows the worker's events, and sends it the user's
 * actions. So no work is done in the thread that draws.
 */

import type { PageFile } from '../../../data/page/page-files.js';
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
  | ({ readonly type: 'start' } & Sharing)
  | { readonly type: 'leave' }
  /** Remove everything that this federation has left on this device. */
  | { readonly type: 'forget' }
  /** An example for the merged model; `id` comes back with the answer. */
  | { readonly type: 'predict'; readonly id: number; readonly example: TriedExample }
  | { readonly type: 'export'; readonly format: ModelFormat };

/** A picture, or a row of a table; a text is a row of one cell. */
export type TriedExample = TriedPicture | TriedRow;

/** A file, or one of the participant's own examples, by its place among those shown. */
export type TriedPicture = { readonly file: File } | { readonly sample: number };

/** The cells of a row by their columns: numbers, NaN if missing, and texts, empty if missing. */
export interface TriedRow {
  readonly cells: Readonly<Record<string, number | string>>;
}

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
/** What the owner lets leave the device beside the weights. */
export interface Sharing {
  /** How many examples of each class there are. */
  readonly shareLabelCounts: boolean;
  /** The sums behind the figures on the validation examples. */
  readonly shareSums: boolean;
}

export interface FederationFacts {
  readonly participant: string;
  readonly others: readonly string[];
  readonly network: string;
  readonly training: string;
  readonly merging: string;
  /** The task's main metric. */
  readonly metric: MetricFacts;
  readonly rounds: number;
  /** What the network learns, as it follows "trains to": "tell 10 classes apart". */
  readonly purpose: string;
  /** Empty if the examples have no classes. */
  readonly classNames: readonly string[];
  /** The data that each participant brings. */
  readonly wanted: WantedData;
  /** The attachments of each update, in words. */
  readonly besides: readonly string[];
  /** Whether the hub lends a share of Fashion-MNIST, for a demonstration. */
  readonly demonstration: boolean;
  /** Whether a cut-off is chosen at the end, from the sums that participants share. */
  readonly decides: boolean;
  /** Whether a survey before round 1 asks for sums, those of classes among them. */
  readonly countsClasses: boolean;
  /** Whether some tensors stay with each participant, so that it ends with its own model. */
  readonly isPersonal?: boolean;
}

export type WantedData =
  | {
      readonly kind: 'pictures';
      /** [C,H,W]. */
      readonly imageShape: readonly [number, number, number];
      /** Whether folders are classes; otherwise what is learned is in a table, or in masks. */
      readonly byFolders: boolean;
      /** What a folder of pictures is to hold beside them, in a sentence. */
      readonly holds: string;
    }
  /** Columns of a table, arrays, or texts and their classes. */
  | {
      readonly kind: 'table' | 'arrays' | 'text';
      readonly inputs: readonly WantedColumn[];
      readonly targets: readonly WantedColumn[];
    };

export interface WantedColumn {
  readonly name: string;
  /** "number, years, 20 to 90", "Female or Male", "numbers of the shape [12,1000]" */
  readonly text: string;
}

/** One of the images that are trained on. */
export interface SamplePicture {
  /** Its class, or one of its labels. */
  readonly caption: string;
  /** [C,H,W], bytes. */
  readonly pixels: Uint8Array;
  /** [1,H,W]: the class of each pixel, from black for the first to white for the last. */
  readonly mask?: Uint8Array;
}

export interface DataSummary {
  readonly name: string;
  readonly training: number;
  readonly validation: number;
  readonly notices: readonly string[];
  readonly shown: ShownPictures | ShownColumns;
}

export interface ShownPictures {
  readonly kind: 'pictures';
  /** Of classes or labels. */
  readonly names: readonly string[];
  /** What is counted: examples, or pixels where there are masks. */
  readonly unit: 'examples' | 'pixels';
  /** The number of each, in the order of the names. */
  readonly counts: readonly number[];
  readonly samples: readonly SamplePicture[];
}

export interface ShownColumns {
  readonly kind: 'columns';
  readonly columns: readonly ShownColumn[];
}

/** A column of a table, or an array, and how its values are distributed. */
export interface ShownColumn {
  readonly name: string;
  /** Its unit, or its type and shape. */
  readonly text: string;
  readonly isTarget: boolean;
  readonly values: number;
  readonly missing: number;
  /** Undefined if there is none to draw, as of pictures. */
  readonly distribution: ShownNumbers | ShownCategories | undefined;
}

export interface ShownNumbers {
  readonly kind: 'numbers';
  /** Whether they are days since 1970-01-01. */
  readonly areDays: boolean;
  /** The edges of all bins together. */
  readonly low: number;
  readonly high: number;
  /** Of each bin. */
  readonly counts: readonly number[];
  /** Values outside of the bins. */
  readonly beyond: number;
  /** Undefined if there is no value. */
  readonly mean: number | undefined;
}

export interface ShownCategories {
  readonly kind: 'categories';
  readonly names: readonly string[];
  readonly counts: readonly number[];
  /** Values that are none of the federation's names. */
  readonly other: number;
  /** The less frequent of many names, and how many values they have. */
  readonly rest?: { readonly names: number; readonly count: number };
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
  readonly parameters: number;
  /** How it can be tried; undefined if the page has no way to. */
  readonly trial: PictureTrial | RowTrial | undefined;
}

export interface PictureTrial {
  readonly kind: 'picture';
  /** What is predicted: the class of the picture, its labels, or the class of each pixel. */
  readonly answer: 'classes' | 'labels' | 'mask';
  /** Of each class or label. */
  readonly names: readonly string[];
  /** [C,H,W]. */
  readonly imageShape: readonly [number, number, number];
}

/** A form with a field for each column. */
export interface RowTrial {
  readonly kind: 'row';
  readonly fields: readonly RowField[];
  /** What is predicted: classes, of which the row has one, labels, or numbers. */
  readonly answer: 'classes' | 'labels' | 'numbers';
  /** Of each class, label or number. */
  readonly names: readonly string[];
  /** Of numbers. */
  readonly unit: string | undefined;
}

/** A field of a form: a number, a day, one of some names, or a text. */
export interface RowField {
  readonly name: string;
  readonly kind: 'number' | 'day' | 'category' | 'text';
  readonly unit: string | undefined;
  readonly range: readonly [number, number] | undefined;
  readonly names: readonly string[];
}

export interface Prediction {
  /** The probability of each class or label, the part of the pixels, or the numbers themselves. */
  readonly values: readonly number[];
  /** The place of the class that is predicted: the likeliest, unless the model has a cut-off. */
  readonly predicted?: number;
  /** The probability from which on the second of two classes is predicted, if the model has one. */
  readonly cutOff?: number | undefined;
  /** Of a picture the network's input: [C,H,W], bytes. */
  readonly pixels?: Uint8Array;
  /** The predicted class of each pixel, as in the mask of a sample. */
  readonly mask?: Uint8Array;
}
