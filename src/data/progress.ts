/** The progress that a data reader reports: of bytes that arrive, or of files that are read. */
export type DataProgress = TransferProgress | ReadProgress;

export interface TransferProgress {
  /** The file or package that is being loaded. */
  readonly what: string;
  readonly receivedBytes: number;
  /** Missing if the sender does not say. */
  readonly totalBytes?: number;
}

export interface ReadProgress {
  /** What the files are, such as `pictures of "holiday"`. */
  readonly what: string;
  readonly done: number;
  readonly of: number;
}

export type OnDataProgress = (progress: DataProgress) => void;
