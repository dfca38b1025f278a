/** The progress that a reader of data reports. */
export interface DataProgress {
  /** The file or package that is on its way. */
  readonly what: string;
  readonly receivedBytes: number;
  /** Missing where the sender does not say. */
  readonly totalBytes?: number;
}

export type OnDataProgress = (progress: DataProgress) => void;
