/** What is known of a GPU, in a page and in Node. */
export interface GpuAdapter {
  /** Vendor and architecture or model, as far as the system tells them. */
  readonly description: string;
  /** Whether it computes on the CPU. */
  readonly software: boolean;
}
