/** Turns an error into the page's facts: its kind, its message, and what to do. */

import { CommonweightError, TensorError } from '../../../base/error.js';
import { ModelFileError } from '../../../engine/nn/model-file.js';
import type { RefusalReason } from '../../../protocol/frames.js';
import { DivergedError } from '../../../training/error.js';
import { RefusedError } from '../../../transport/error.js';
import type { FailureKind, WorkerEvent } from '../state/messages.js';

const kinds: Readonly<Record<RefusalReason, FailureKind>> = {
  replaced: 'replaced',
  token: 'not-let-in',
  'in-use': 'not-let-in',
  role: 'not-let-in',
  'not-expected': 'not-let-in',
  version: 'other',
  'bad-frame': 'other',
  'too-fast': 'other',
};

export function failedEvent(error: unknown): Extract<WorkerEvent, { type: 'failed' }> {
  const { message } = error as Error;
  const hint = error instanceof CommonweightError ? error.hint : undefined;
  return { type: 'failed', kind: kindOf(error), message: sentence(message), hint };
}

/** Removes the name of the module's room, which means nothing to a user of the page. */
export const sentence = (message: string) => message.replace(/^(data|federation|runtime|transport): /, '');

function kindOf(error: unknown): FailureKind {
  if (error instanceof RefusedError) return kinds[error.reason];
  const isWork =
    error instanceof DivergedError || error instanceof TensorError || error instanceof ModelFileError;
  return isWork ? 'work' : 'other';
}
