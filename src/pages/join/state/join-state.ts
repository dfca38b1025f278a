/** The state of the page: a pure function of the worker's events and the user's actions. */
import type { Progress } from '../../../protocol/announcement.js';
import type {
  DataSummary,
  FailureKind,
  FederationFacts,
  Finish,
  PageCommand,
  Prediction,
  RoundFacts,
  WorkerEvent,
} from './messages.js';
import { withRound } from './rounds-so-far.js';

export type JoinStage =
  /** The hub has not answered yet. */
  | 'opening'
  | 'choosing'
  | 'reading'
  /** There are data; the user has not pressed Start. */
  | 'ready'
  | 'taking-part'
  | 'leaving'
  | 'left'
  | 'forgotten'
  | 'finished'
  | 'failed';

export interface JoinState {
  readonly stage: JoinStage;
  readonly federation: FederationFacts | undefined;
  readonly data: DataSummary | undefined;
  readonly reading: { readonly done: number; readonly of: number } | undefined;
  readonly dataProblem: Problem | undefined;
  /** Whether it was taking part before this page was loaded. */
  readonly resumed: boolean;
  readonly work: WorkStatus;
  readonly rounds: readonly RoundFacts[];
  /** Notes about problems, the newest last. */
  readonly notes: readonly string[];
  /** Why there is no connection at the moment. */
  readonly trouble: string | undefined;
  readonly runtime: string | undefined;
  readonly finish: Finish | undefined;
  readonly failure: (Problem & { readonly kind: FailureKind }) | undefined;
  readonly trial: Trial | undefined;
}

export interface Problem {
  readonly message: string;
  readonly hint: string | undefined;
}

export interface WorkStatus {
  readonly round: number;
  readonly activity: Progress['activity'] | 'idle';
  readonly progress: Progress | undefined;
  /** The bytes of the model that is being sent or received. */
  readonly bytes: number | undefined;
}

/** The newest example that the merged model was shown. */
export type Trial =
  | { readonly id: number; readonly type: 'asked' }
  | { readonly id: number; readonly type: 'answered'; readonly prediction: Prediction }
  | { readonly id: number; readonly type: 'failed'; readonly message: string };

export type JoinEvent = WorkerEvent | { readonly type: 'commanded'; readonly command: PageCommand };

const nothingDone: WorkStatus = { round: 0, activity: 'idle', progress: undefined, bytes: undefined };

export const opening: JoinState = {
  stage: 'opening',
  federation: undefined,
  data: undefined,
  reading: undefined,
  dataProblem: undefined,
  resumed: false,
  work: nothingDone,
  rounds: [],
  notes: [],
  trouble: undefined,
  runtime: undefined,
  finish: undefined,
  failure: undefined,
  trial: undefined,
};

const MOST_NOTES = 5;

export function next(state: JoinState, event: JoinEvent): JoinState {
  switch (event.type) {
    case 'commanded':
      return commanded(state, event.command);
    case 'federation':
      return { ...state, stage: 'choosing', federation: event.federation, trouble: undefined };
    case 'reading':
      return state.stage === 'reading' ? { ...state, reading: { done: event.done, of: event.of } } : state;
    case 'data':
      return {
        ...{ ...state, stage: 'ready', data: event.data, resumed: event.resumed },
        ...{ reading: undefined, dataProblem: undefined },
      };
    case 'data-refused': {
      const { message, hint } = event;
      return { ...state, stage: 'choosing', reading: undefined, dataProblem: { message, hint } };
    }
    case 'started':
      return { ...state, stage: 'taking-part', resumed: event.resumed };
    case 'runtime':
      return { ...state, runtime: event.runtime };
    case 'assigned':
      return { ...state, work: assigned(state.work, event) };
    case 'progress': {
      const { round, activity } = event.progress;
      const bytes = activity === state.work.activity ? state.work.bytes : undefined;
      return { ...state, work: { round, activity, progress: event.progress, bytes } };
    }
    case 'moving': {
      const activity = event.direction === 'up' ? 'uploading' : 'downloading';
      return { ...state, work: { ...state.work, activity, bytes: event.bytes } };
    }
    case 'notice':
      return noted(state, event.notice);
    case 'trained':
      if (!event.kept) return state;
      return noted(
        state,
        `Round ${event.round} was trained on this device before; it is handed in as it is.`,
      );
    case 'round':
      return { ...state, rounds: withRound(state.rounds, event.round) };
    case 'refused':
      return noted(state, `The coordinator has refused it: ${event.message}`);
    case 'given-up':
      return noted(state, `Round ${event.round} was closed before this device had finished it.`);
    case 'trouble':
      return { ...state, trouble: event.message };
    case 'connected':
      return { ...state, trouble: undefined };
    case 'left':
      return { ...state, stage: 'left', work: nothingDone, trouble: undefined };
    case 'forgotten':
      return { ...opening, stage: 'forgotten', federation: state.federation };
    case 'finished':
      return { ...state, stage: 'finished', finish: event.finish, work: nothingDone, trouble: undefined };
    case 'prediction':
      if (event.id !== state.trial?.id) return state;
      return { ...state, trial: { id: event.id, type: 'answered', prediction: event.prediction } };
    case 'prediction-failed':
      if (event.id !== state.trial?.id) return state;
      return { ...state, trial: { id: event.id, type: 'failed', message: event.message } };
    case 'exported':
      return state;
    case 'failed': {
      const { kind, message, hint } = event;
      return { ...state, stage: 'failed', failure: { kind, message, hint }, trouble: undefined };
    }
  }
}

function commanded(state: JoinState, command: PageCommand): JoinState {
  switch (command.type) {
    case 'open':
      return opening;
    case 'read':
      return { ...state, stage: 'reading', dataProblem: undefined, reading: undefined };
    case 'demonstration':
      return { ...state, stage: 'reading', dataProblem: undefined, reading: undefined };
    case 'choose-again':
      return { ...state, stage: 'choosing', data: undefined };
    case 'start':
      return { ...state, stage: 'taking-part' };
    case 'leave':
      return { ...state, stage: 'leaving' };
    case 'predict':
      return { ...state, trial: { id: command.id, type: 'asked' } };
    case 'forget':
    case 'export':
      return state;
  }
}

/** The participant's own progress describes its work; until there is any, the assignment does. */
function assigned(
  work: WorkStatus,
  { round, activity, own }: Extract<WorkerEvent, { type: 'assigned' }>,
): WorkStatus {
  if (round === work.round && work.activity !== 'idle') return work;
  return { ...nothingDone, round, activity: own && activity !== 'wait' ? 'idle' : 'waiting' };
}

const noted = (state: JoinState, note: string): JoinState => ({
  ...state,
  notes: [...state.notes.filter((other) => other !== note), note].slice(-MOST_NOTES),
});
