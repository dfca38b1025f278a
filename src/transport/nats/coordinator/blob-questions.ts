/**
 * Answers participants that ask whether a blob has arrived. The blob is fetched from the object
 * store before the answer. Node only.
 */
import { type Blob, blobSchema } from '../../../protocol/blob-name.js';
import { messageOf } from '../explain.js';
import { decode, encode } from '../messages.js';
import { BLOB_REQUEST_BYTES, blobSubject, isReplyTo } from '../names.js';
import { type FetchBlob, type FetchOptions, sizeProblem } from './fetch-blobs.js';

type QuestionOptions = Pick<FetchOptions, 'lead' | 'participants' | 'maximumBytes' | 'warn'>;

/** Answers questions until the lead ends. */
export function answerBlobQuestions(
  { lead, participants, maximumBytes, warn }: QuestionOptions,
  fetch: FetchBlob,
): void {
  const requests = lead.nats.connection.subscribe(blobSubject(lead.job, '*'), {
    callback(error, message) {
      if (error !== null || lead.signal.aborted) return;
      const token = message.subject.split('.')[3] ?? '';
      if (!isReplyTo(token, message.reply)) {
        const reply = String(message.reply).slice(0, 100);
        warn(token, `a question for a blob wants its answer at ${reply}: left out`);
        return;
      }
      void answer(token, message.data).then(
        (reply) => reply !== undefined && message.respond(encode(reply)),
        // The participant gets no answer, and asks again.
        (cause: unknown) => warn(token, `a blob cannot be fetched: ${messageOf(cause)}`),
      );
    },
  });
  lead.signal.addEventListener('abort', () => requests.unsubscribe(), { once: true });

  async function answer(token: string, data: Uint8Array) {
    if (!participants.has(token)) return { here: false, refused: `"${token}" is not expected` };
    let blob: Blob;
    try {
      blob = decode(blobSchema, data, BLOB_REQUEST_BYTES);
    } catch (error) {
      const refused = `a question for a blob ${messageOf(error)}`.slice(0, 1000);
      warn(token, refused);
      return { here: false, refused };
    }
    const refused = sizeProblem(blob, maximumBytes);
    if (refused === undefined) return { here: await fetch(token, blob) };
    warn(token, refused);
    return { here: false, refused };
  }
}
