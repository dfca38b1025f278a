/**
 * Carries out the page's commands for its participant, and reports the results. Everything that the
 * participant needs to resume after a reload is kept in the browser.
 */
import { throttled } from '../../../base/throttle.js';
import { TOKENIZER_FILE } from '../../../data/text/json-tokenizer.js';
import { demonstrationShare } from '../../../federation/participant/demonstration-share.js';
import { downloadTokenizer } from '../../../federation/participant/download-tokenizer.js';
import { type OwnData, ownData } from '../../../federation/participant/own-data.js';
import { readPageData } from '../../../federation/participant/page/page-data.js';
import { hasOwnParts } from '../../../protocol/configuration/own-parts.js';
import type { HubParticipant } from '../../../transport/hub/client/hub-participant.js';
import type { PageCommand, WorkerEvent } from '../state/messages.js';
import { failedEvent } from './failure.js';
import { connect, factsOfFederation, type PageConnection } from './hub-in-page.js';
import { type DeviceStore, deviceStoreOf } from './kept.js';
import { clear, disconnect, type PageParticipant, pageParticipant } from './page-participant.js';
import { loadSession, type SavedSession } from './session.js';
import { PROGRESS_MS, standBy, takePartInPage, tellingOf } from './taking-part.js';

type Handlers = {
  readonly [Type in PageCommand['type']]: (command: Extract<PageCommand, { type: Type }>) => Promise<void>;
};

export function carryingOut(post: (event: WorkerEvent) => void): (command: PageCommand) => Promise<void> {
  const page = pageParticipant(post);
  const handlers = handlersOf(page);
  return async (command) => {
    try {
      await (handlers[command.type] as (command: PageCommand) => Promise<void>)(command);
    } catch (error) {
      post(failedEvent(error));
      await disconnect(page);
    }
  };
}

function handlersOf(page: PageParticipant): Handlers {
  const { data, finished, post } = page;
  const tell = tellingOf(page);
  return {
    open: (command) => open(page, command, () => takePartInPage(page, tell, true)),
    read: ({ files }) =>
      data.choose((notices) => readFiles(connected(page).end, files, notices, page), page.kept),
    demonstration: () =>
      data.choose(() => {
        const { end, url, token } = connected(page);
        return demonstrationShare(url, token, end.participant, end.description);
      }, page.kept),
    async 'choose-again'() {
      data.drop();
      await page.kept?.data.forget();
    },
    async start({ shareLabelCounts, shareSums }) {
      await page.kept?.remember({ started: true, shareLabelCounts, shareSums });
      void takePartInPage(page, tell, false);
    },
    async leave() {
      page.leaving?.abort();
    },
    async forget() {
      await disconnect(page);
      await page.kept?.forget();
      page.kept = undefined;
      clear(page);
      post({ type: 'forgotten' });
    },
    async predict({ id, example }) {
      try {
        const prediction = await finished.predict(example, data.summary());
        post({ type: 'prediction', id, prediction });
      } catch (error) {
        post({ type: 'prediction-failed', id, message: failedEvent(error).message });
      }
    },
    async export({ format }) {
      post({ type: 'exported', format, bytes: finished.fileOf(format) });
    },
  };
}

/** Connects to the hub, and resumes where this browser was before. */
async function open(
  page: PageParticipant,
  command: PageCommand & { type: 'open' },
  resume: () => Promise<void>,
): Promise<void> {
  await disconnect(page);
  clear(page);
  const { token } = command;
  const before = await loadSession(token);
  if (before?.finish !== undefined) {
    // A finished run does not need the hub, which may be gone.
    const kept = await deviceStoreOf(token, before);
    page.kept = kept;
    await showKept(page, kept);
    return page.finished.show(kept);
  }
  const connection = await connect(command, page.post);
  page.connection = connection;
  page.post({ type: 'federation', federation: await factsOfFederation(connection.end) });
  const kept = await deviceStoreOf(token, sessionFor(connection.end, before));
  page.kept = kept;
  await showKept(page, kept);
  if (kept.session().started && page.data.current() !== undefined) void resume();
  else void standBy(page, connection, kept);
}

async function showKept({ data, post }: PageParticipant, kept: DeviceStore): Promise<void> {
  for (const round of kept.session().rounds) post({ type: 'round', round });
  await data.restore(kept);
}

async function readFiles(
  end: HubParticipant,
  files: Extract<PageCommand, { type: 'read' }>['files'],
  notices: string[],
  { post, kept }: PageParticipant,
): Promise<OwnData> {
  const { participant, description } = end;
  const reading = throttled<WorkerEvent>(post, PROGRESS_MS);
  try {
    const onProgress = (done: number, of: number) => reading.tell({ type: 'reading', done, of });
    const onNotice = (notice: string) => notices.push(notice);
    const downloaded = await downloadTokenizer(end);
    if (downloaded !== undefined) await kept?.folder.write(TOKENIZER_FILE, downloaded.bytes);
    const { tokenizer } = downloaded ?? {};
    const dataset = await readPageData(files, description, { onProgress, onNotice, tokenizer });
    return ownData(dataset, participant, description, undefined, dataset.name, onNotice);
  } finally {
    reading.close();
  }
}

function connected({ connection }: PageParticipant): PageConnection {
  if (connection === undefined) throw new Error('internal: there is no connection');
  return connection;
}

/** The session of this federation, if it was kept; otherwise a new one. */
function sessionFor(
  { participant, description: { job, configuration } }: HubParticipant,
  before: SavedSession | undefined,
): SavedSession {
  if (before?.job === job && before.participant === participant) return before;
  const isPersonal = hasOwnParts(configuration);
  const { data } = configuration;
  return {
    ...{ job, participant, started: false, shareLabelCounts: false, shareSums: false, rounds: [] },
    ...(isPersonal && { isPersonal }),
    ...(data && { data }),
  };
}
