/**
 * Which connection has the place of a participant: one each, and from one address the latest. A
 * process that was killed comes back before its old connection is known to be dead; were the first
 * to win, it would have to wait for that. From another address it may be a thief: there the first
 * wins, if it answers when it is asked. Node only.
 */
import type { HubFrame } from '../../../../protocol/frames.js';
import type { Connection } from './connection.js';

/** A connection of a participant, and what is known of its other end. */
export interface HubPeer {
  readonly mine: Connection<HubFrame>;
  readonly address: string | undefined;
  /** Its token was not revoked meanwhile. */
  readonly stands: () => boolean;
}

export interface Places {
  of(participant: string): HubPeer | undefined;
  all(): Iterable<[participant: string, HubPeer]>;
  readonly size: number;
  /** @param isGone that it has been closed meanwhile. @returns whether it has the place */
  admit(participant: string, line: HubPeer, isGone: () => boolean): Promise<boolean>;
  /** @returns whether the connection had the place */
  leave(participant: string, mine: HubPeer['mine']): boolean;
}

export interface PlacesOptions {
  /** For a connection to answer. */
  readonly answerMs: number;
  /** It has the place now, and `before` has not any more. */
  onAdmitted(participant: string, line: HubPeer, before: HubPeer | undefined): void;
}

export function places({ answerMs, onAdmitted }: PlacesOptions): Places {
  const lines = new Map<string, HubPeer>();
  /** Of a connection that is asked whether it is there: once, however many want its place. */
  const asked = new Map<HubPeer['mine'], Promise<boolean>>();

  function answers({ mine }: HubPeer): Promise<boolean> {
    const answer = asked.get(mine) ?? mine.answers(answerMs).finally(() => asked.delete(mine));
    asked.set(mine, answer);
    return answer;
  }

  return {
    of: (participant) => lines.get(participant),
    all: () => lines,
    get size() {
      return lines.size;
    },
    async admit(participant, line, isGone) {
      for (;;) {
        const before = lines.get(participant);
        const mayStay = before !== undefined && before.address !== line.address && before.stands();
        const stays = mayStay && (await answers(before));
        if (mayStay && lines.get(participant) !== before) continue;
        if (stays) return false;
        if (isGone()) return true;
        const replaced = lines.get(participant);
        lines.set(participant, line);
        onAdmitted(participant, line, replaced);
        return true;
      }
    },
    leave(participant, mine) {
      return lines.get(participant)?.mine === mine && lines.delete(participant);
    },
  };
}
