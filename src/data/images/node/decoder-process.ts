/** A process that decodes pictures for another one, which starts it (`picture-decoder.ts`). */
import { DataError } from '../../error.js';
import { decodePicture } from './open-picture.js';
import type { DecodeAnswer, DecodeRequest } from './picture-decoder.js';

async function answer({ id, path, size, fit }: DecodeRequest): Promise<DecodeAnswer> {
  try {
    return { id, image: await decodePicture(path, size, fit) };
  } catch (error) {
    const { message, stack } = error as Error;
    return error instanceof DataError ? { id, message, hint: error.hint } : { id, stack: stack ?? message };
  }
}

process.on('message', (request: DecodeRequest) => {
  void answer(request).then((answered) => process.send?.(answered));
});
// In a terminal, Ctrl-C reaches it as well. The other process says when it ends.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit());
