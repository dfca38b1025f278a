/**
 * The end of a run in a page: the reason, and the merged model, which can be tried on an example
 * and saved.
 */
import { jsonTokenizer, TOKENIZER_FILE } from '../../../data/text/json-tokenizer.js';
import { ortInPage } from '../../../engine/runtime/page/ort-in-page.js';
import { FINAL_MODEL } from '../../../federation/participant/kept/participant-files.js';
import type {
  DataSummary,
  Finish,
  ModelFormat,
  Prediction,
  TriedExample,
  WorkerEvent,
} from '../state/messages.js';
import type { DeviceStore } from './kept.js';
import type { SavedSession } from './session.js';
import { type TrainedModel, trainedModel } from './trained-model.js';

export interface FinishedRun {
  /** Shows the end that was kept, if the run is over. */
  show(kept: DeviceStore): Promise<void>;
  /** Keeps the end, and shows it. */
  conclude(kept: DeviceStore, finish: RunEnd): Promise<void>;
  predict(example: TriedExample, data: DataSummary | undefined): Promise<Prediction>;
  fileOf(format: ModelFormat): Uint8Array<ArrayBuffer>;
  clear(): void;
}

/** Why a run ended. */
type RunEnd = Pick<Finish, 'reason'> & { readonly message?: string | undefined };

export function finishedRun(post: (event: WorkerEvent) => void): FinishedRun {
  let model: TrainedModel | undefined;

  function merged(): TrainedModel {
    if (model === undefined) throw new Error('internal: there is no merged model');
    return model;
  }

  async function show(kept: DeviceStore): Promise<void> {
    const { finish, isPersonal, data } = kept.session();
    if (finish === undefined) return;
    const bytes = await kept.folder.read(FINAL_MODEL);
    const file = await kept.folder.read(TOKENIZER_FILE);
    const tokenizer = file && (await jsonTokenizer(TOKENIZER_FILE, file));
    const openRuntime = () => ortInPage({ device: 'wasm', threads: 1 });
    model = bytes && trainedModel(bytes, data, openRuntime, tokenizer);
    const { reason, message } = finish;
    post({
      type: 'finished',
      finish: { reason, message, model: model?.facts, ...(isPersonal && { isPersonal }) },
    });
  }

  return {
    show,
    async conclude(kept, end) {
      await kept.remember({ finish: finishOf(end) });
      await show(kept);
    },
    predict: async (example, data) => merged().predict(example, data),
    fileOf: (format) => merged().fileOf(format),
    clear() {
      model = undefined;
    },
  };
}

const finishOf = ({ reason, message }: RunEnd): SavedSession['finish'] => ({
  reason,
  ...(message !== undefined && { message }),
});
