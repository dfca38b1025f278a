/** Turns a participant's work and assignments into events for the page. */
import type { TakePartEvent, TakePartObserver } from '../../../federation/participant/take-part.js';
import type { Progress } from '../../../protocol/announcement.js';
import type { ParticipantEnd } from '../../../transport/transport.js';
import type { WorkerEvent } from '../state/messages.js';

export type Tell = (event: WorkerEvent) => void;

export function workObserver(participant: string, tell: Tell): TakePartObserver {
  return {
    onProgress: (progress: Progress) => tell({ type: 'progress', progress }),
    onEvent(event) {
      const told = eventOf(event, participant);
      if (told !== undefined) tell(told);
    },
  };
}

function eventOf(event: TakePartEvent, participant: string): WorkerEvent | undefined {
  switch (event.type) {
    case 'assigned': {
      const { assignment } = event;
      if (assignment.type === 'finished') return undefined;
      const { round, type } = assignment;
      // A survey and the phases of a refit are shown as an evaluation: they read data and do not
      // train.
      const activity = type === 'train' || type === 'wait' ? type : 'evaluate';
      const own = assignment.type !== 'wait' && assignment.waitingFor.includes(participant);
      return { type: 'assigned', round, activity, own };
    }
    case 'trained':
      return { type: 'trained', round: event.round, kept: event.kept };
    case 'evaluated': {
      const { round, validation: merged } = event;
      return { type: 'round', round: { round, merged } };
    }
    case 'answered': {
      const { announcement, receipt } = event;
      if (!receipt.accepted) {
        const round = 'round' in announcement ? announcement.round : undefined;
        return { type: 'refused', round, message: receipt.message };
      }
      if (announcement.type !== 'update') return undefined;
      const { round, update } = announcement;
      const { validation: own, loss, seconds } = update;
      return {
        type: 'round',
        round: { round, loss, seconds, ...(own && { own }) },
      };
    }
    case 'diverged':
      return {
        type: 'notice',
        notice: `${event.message}. The coordinator is told; what it asks for next is waited for.`,
      };
    case 'own-tensors-begin':
      return {
        type: 'notice',
        notice: `Your own part of the network begins anew in round ${event.round}: this browser keeps none from before.`,
      };
    case 'data-changed':
      return {
        type: 'notice',
        notice:
          'The data are not the same as when you took part before. The coordinator is told that they changed.',
      };
    case 'key-taken':
      return {
        type: 'notice',
        notice: `The link has no key of the coordinator, so this page keeps the key that the coordinator shows: ${event.key}`,
      };
    case 'description-changed':
      return {
        type: 'notice',
        notice: `The description of the federation has changed since you took part before: its SHA-256 is ${event.now}, it was ${event.before}.`,
      };
    case 'left-out':
      return { type: 'notice', notice: 'Ignored an assignment that is older than one received before.' };
    case 'given-up':
      return { type: 'given-up', round: event.round };
  }
}

/** The same end, which also reports transfers and the runtime to the page. */
export function watchedEnd<End extends ParticipantEnd>(end: End, tell: Tell): End {
  return {
    ...end,
    announce(announcement) {
      if (announcement.type === 'joined') tell({ type: 'runtime', runtime: announcement.runtime });
      return end.announce(announcement);
    },
    upload(bytes, known) {
      tell({ type: 'moving', direction: 'up', bytes: bytes.length });
      return end.upload(bytes, known);
    },
    download(blob) {
      tell({ type: 'moving', direction: 'down', bytes: blob.bytes });
      return end.download(blob);
    },
  };
}
