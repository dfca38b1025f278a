/**
 * A participant in a page: it carries out the page's commands and reports the results. What it
 * needs to resume after a reload is kept in the browser.
 */

import { throttled } from '../../../base/throttle.js';
import type { ImageDataset } from '../../../data/images/image-dataset.js';
import { decodePicture } from '../../../data/images/page/page-pictures.js';
import { ortInPage } from '../../../engine/runtime/page/ort-in-page.js';
import { FederationError } from '../../../federation/error.js';
import { demonstrationShare, hasDemonstration } from '../../../federation/participant/demonstration-share.js';
import { type OwnData, ownData } from '../../../federation/participant/own-data.js';
import { joinFederationFromPage } from '../../../federation/participant/page/join-federation-from-page.js';
import { readPageData } from '../../../federation/participant/page/page-data.js';
import { FINAL_MODEL, type TakePartOutcome } from '../../../federation/participant/take-part.js';
import { TAB_MEMORY } from '../../../federation/plan/demands.js';
import { compileDescription } from '../../../federation/plan/description.js';
import type { HubParticipant } from '../../../transport/hub/client/hub-participant.js';
import { joinHubFromPage } from '../../../transport/hub/client/page/join-hub-from-page.js';
import type { Command, DataSummary, Finish, Picture, WorkerEvent } from '../state/messages.js';
import { withRound } from '../state/rounds-so-far.js';
import { dataSummary } from './data-summary.js';
import { failureOf } from './failure.js';
import { federationFacts } from './federation-facts.js';
import { type Kept, keptOf } from './kept.js';
import { loadSession, type Session } from './session.js';
import { type TrainedModel, trainedModel } from './trained-model.js';
import { watchedEnd, workObserver } from './watch-work.js';

type Handlers = {
  readonly [Type in Command['type']]: (command: Extract<Command, { type: Type }>) => Promise<void>;
};

/** So often the page hears how far something is. */
const INTERVAL_MS = 200;

/** The hub, once it has answered. */
interface Connection {
  readonly end: HubParticipant;
  readonly url: string;
  readonly token: string;
}

export function participant(post: (event: WorkerEvent) => void): (command: Command) => Promise<void> {
  let connection: Connection | undefined;
  let kept: Kept | undefined;
  let data: OwnData | undefined;
  let summary: DataSummary | undefined;
  let model: TrainedModel | undefined;
  /** Set while it takes part. */
  let leaving: AbortController | undefined;

  const remember = async (change: Partial<Session>) => kept?.remember(change);
  const progress = throttled<WorkerEvent>(post, INTERVAL_MS);
  const tell = (event: WorkerEvent) => {
    if (event.type === 'progress') return progress.tell(event);
    if (event.type === 'round') {
      const rounds = withRound(kept?.session().rounds ?? [], event.round);
      void remember({ rounds: [...rounds] });
    }
    post(event);
  };

  async function disconnect(): Promise<void> {
    const { end } = connection ?? {};
    connection = undefined;
    await end?.close();
  }

  async function hold(found: OwnData, notices: readonly string[], resumed: boolean): Promise<void> {
    data = found;
    summary = dataSummary(found, notices);
    post({ type: 'data', data: summary, resumed });
  }

  /** Data that the user has chosen: taken, or said why not. */
  async function choose(read: (notices: string[]) => Promise<OwnData>): Promise<void> {
    const notices: string[] = [];
    try {
      const found = await read(notices);
      await kept?.data.keep(found).catch(() => {
        notices.push(
          'This browser has no room to keep the pictures: choose them again after the page is loaded again.',
        );
      });
      await hold(found, notices, false);
    } catch (error) {
      const { message, hint } = failureOf(error);
      post({ type: 'data-refused', message, hint });
    }
  }

  async function takePart(resumed: boolean): Promise<void> {
    if (connection === undefined || kept === undefined || data === undefined) return;
    const { end } = connection;
    post({ type: 'started', resumed });
    leaving = new AbortController();
    const onNotice = (notice: string) => post({ type: 'notice', notice });
    try {
      const outcome = await joinFederationFromPage(watchedEnd(end, tell), end.participant, {
        data,
        folder: kept.folder,
        shareLabelCounts: kept.session().shareLabelCounts,
        observer: workObserver(end.participant, tell),
        signal: leaving.signal,
        onNotice,
      });
      await conclude(outcome);
    } catch (error) {
      post(failureOf(error));
    }
    leaving = undefined;
    await disconnect();
  }

  /** Until it takes part: whether another page has come in its place, or the run is over. */
  async function standBy({ end }: Connection, { folder }: Kept): Promise<void> {
    const isPast = () => leaving !== undefined || connection?.end !== end;
    try {
      for await (const assignment of end.assignments()) {
        if (isPast()) return;
        if (assignment.type !== 'finished') continue;
        const model = assignment.model && (await end.download(assignment.model));
        if (isPast()) return;
        if (model !== undefined) await folder.write(FINAL_MODEL, model);
        await remember({ finish: finishOf(assignment) });
        await showFinish();
        return disconnect();
      }
    } catch (error) {
      if (isPast()) return;
      post(failureOf(error));
      await disconnect();
    }
  }

  async function conclude(outcome: TakePartOutcome): Promise<void> {
    if (outcome.type === 'left') {
      await remember({ started: false });
      return post({ type: 'left' });
    }
    await remember({ finish: finishOf(outcome) });
    await showFinish();
  }

  async function showFinish(): Promise<void> {
    const finish = kept?.session().finish;
    if (kept === undefined || finish === undefined) return;
    const bytes = await kept.folder.read(FINAL_MODEL);
    model = bytes && trainedModel(bytes, () => ortInPage({ device: 'wasm', threads: 1 }));
    const { reason, message } = finish;
    post({ type: 'finished', finish: { reason, message, model: model?.facts } });
  }

  const handlers: Handlers = {
    async open({ url, token, coordinatorKey }) {
      await disconnect();
      [data, summary, model] = [undefined, undefined, undefined];
      const before = await loadSession(token);
      if (before?.finish !== undefined) {
        // It needs no hub any more, which may be gone.
        kept = await keptOf(token, before);
        await showKept(kept);
        return showFinish();
      }
      const end = await joinHubFromPage(url, {
        ...{ token, coordinatorKey },
        onLeftOut: (notice) => post({ type: 'notice', notice }),
        onTrouble: (message) => post({ type: 'trouble', message }),
        onConnected: () => post({ type: 'connected' }),
      });
      connection = { end, url, token };
      const { participant: name, description } = end;
      // Whether it can be carried out here is known before any picture is read.
      const compiled = await compileDescription(description, {
        mostMemoryBytes: TAB_MEMORY.bytes,
        memoryHint: TAB_MEMORY.hint,
      });
      const demonstration = hasDemonstration(description);
      post({ type: 'federation', federation: federationFacts(name, description, compiled, demonstration) });
      kept = await keptOf(token, sessionFor(end, before));
      await showKept(kept);
      if (kept.session().started && data !== undefined) void takePart(true);
      else void standBy(connection, kept);
    },
    async read({ files }) {
      await choose(async (notices) => {
        const { end } = connected();
        const onNotice = (notice: string) => notices.push(notice);
        const reading = throttled<WorkerEvent>(post, INTERVAL_MS);
        let dataset: ImageDataset;
        try {
          const onProgress = (done: number, of: number) => reading.tell({ type: 'reading', done, of });
          dataset = await readPageData(files, end.description, { onProgress });
        } finally {
          reading.close();
        }
        return ownData(dataset, end.participant, end.description, undefined, dataset.name, onNotice);
      });
    },
    demonstration: () =>
      choose(() => {
        const { end, url, token } = connected();
        return demonstrationShare(url, token, end.participant, end.description);
      }),
    async 'choose-again'() {
      data = undefined;
      await kept?.data.forget();
    },
    async start({ shareLabelCounts }) {
      await remember({ started: true, shareLabelCounts });
      void takePart(false);
    },
    async leave() {
      leaving?.abort();
    },
    async forget() {
      await disconnect();
      await kept?.forget();
      [kept, data, summary, model] = [undefined, undefined, undefined, undefined];
      post({ type: 'forgotten' });
    },
    async predict({ id, picture }) {
      try {
        const pixels = await pixelsOf(picture);
        const probabilities = await merged().predict(pixels);
        post({ type: 'prediction', id, prediction: { probabilities, pixels } });
      } catch (error) {
        post({ type: 'prediction-failed', id, message: failureOf(error).message });
      }
    },
    async export({ format }) {
      post({ type: 'exported', format, bytes: merged().fileOf(format) });
    },
  };

  async function showKept({ session, data: keptPictures }: Kept): Promise<void> {
    for (const round of session().rounds) post({ type: 'round', round });
    const found = await keptPictures.load();
    if (found !== undefined) await hold(found, [], true);
  }

  function connected(): Connection {
    if (connection === undefined) throw new Error('internal: there is no connection');
    return connection;
  }
  function merged(): TrainedModel {
    if (model === undefined) throw new Error('internal: there is no merged model');
    return model;
  }
  async function pixelsOf(picture: Picture): Promise<Uint8Array> {
    if ('sample' in picture) return (summary?.samples[picture.sample]?.pixels ?? new Uint8Array()).slice();
    const [channels, height, width] = merged().facts.imageShape;
    if (channels !== 1 && channels !== 3) {
      throw new FederationError(`a picture has 1 or 3 channels, and this network takes ${channels}`, {
        hint: 'try it on one of your own examples',
      });
    }
    return decodePicture({ path: picture.file.name, file: picture.file }, { channels, height, width });
  }

  return async (command) => {
    try {
      await (handlers[command.type] as (command: Command) => Promise<void>)(command);
    } catch (error) {
      post(failureOf(error));
      await disconnect();
    }
  };
}

const finishOf = ({
  reason,
  message,
}: Pick<Finish, 'reason'> & { readonly message?: string | undefined }) => ({
  reason,
  ...(message !== undefined && { message }),
});

/** What was remembered of this very federation, or a beginning. */
function sessionFor(
  { participant, description: { job } }: HubParticipant,
  before: Session | undefined,
): Session {
  if (before?.job === job && before.participant === participant) return before;
  return { job, participant, started: false, shareLabelCounts: false, rounds: [] };
}
