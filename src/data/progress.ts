/** The progress that a data reader reports. */
export interface DataProgress {
  /** The file or package that is being loaded. */
  readonly what: string;
  readonly receivedBytes: number;
  /** Missing if the sender does not say. */
  readonly totalBytes?: number;
}

export type OnDataProgress = (progress: DataProgress) => void;
