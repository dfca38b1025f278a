/**
 * The end of a run in a page: the reason, and the merged model, which can be tried on a picture and
 * saved.
 */
import { decodePicture } from '../../../data/images/page/page-pictures.js';
import { ortInPage } from '../../../engine/runtime/page/ort-in-page.js';
import { FederationError } from '../../../federation/error.js';
import { FINAL_MODEL } from '../../../federation/participant/take-part.js';
import type {
  DataSummary,
  Finish,
  ModelFormat,
  Picture,
  Prediction,
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
  predict(picture: Picture, data: DataSummary | undefined): Promise<Prediction>;
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
    const { finish, isPersonal } = kept.session();
    if (finish === undefined) return;
    const bytes = await kept.folder.read(FINAL_MODEL);
    model = bytes && trainedModel(bytes, () => ortInPage({ device: 'wasm', threads: 1 }));
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
    async predict(picture, data) {
      const pixels =
        'sample' in picture
          ? (data?.samples[picture.sample]?.pixels ?? new Uint8Array()).slice()
          : await pixelsOf(picture.file, merged());
      return { probabilities: await merged().predict(pixels), pixels };
    },
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

function pixelsOf(file: File, { facts, fit }: TrainedModel): Promise<Uint8Array> {
  const [channels, height, width] = facts.imageShape;
  if (channels !== 1 && channels !== 3) {
    throw new FederationError(`a picture has 1 or 3 channels, and this network takes ${channels}`, {
      hint: 'try it on one of your own examples',
    });
  }
  return decodePicture({ path: file.name, file }, { channels, height, width }, fit);
}
