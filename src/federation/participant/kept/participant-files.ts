/**
 * The interface to a participant's kept work, on a disk or in a browser, with the owner of that
 * work.
 */

/** A few named files of one participant in one federation. */
export interface ParticipantFolder {
  /** The name of the folder in errors. */
  readonly name: string;
  /** Undefined when there is no such file. */
  read(file: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Resolves when the file is whole and synced. */
  write(file: string, bytes: Uint8Array): Promise<void>;
  remove(file: string): Promise<void>;
}

/** The final model. */
export const FINAL_MODEL = 'model.safetensors';
/**
 * The description of the federation that the final model is from: its settings say what the columns
 * of the data are, and what the model is measured by.
 */
export const DESCRIPTION = 'description.json';

/** Whose work it is. */
export interface WorkIdentity {
  readonly job: string;
  readonly participant: string;
  /** The plan's hash. */
  readonly plan: string;
}
