/**
 * Decides which connection has the place of a participant. From one address it is the latest one: a
 * killed process may come back before its old connection is known to be dead, and must not wait for
 * that. A connection from another address may be a thief's: there the first one keeps the place, if
 * it answers when it is asked. Node only.
 */
import type { HubFrame } from '../../../../protocol/frames.js';
import type { Connection } from './connection.js';

/** A connection of a participant, and the address of its other end. */
export interface HubPeer {
  readonly mine: Connection<HubFrame>;
  readonly address: string | undefined;
  /** Whether its token is still valid. */
  readonly stands: () => boolean;
}

export interface Places {
  of(participant: string): HubPeer | undefined;
  all(): Iterable<[participant: string, HubPeer]>;
  readonly size: number;
  /** @param isGone whether it has been closed meanwhile. @returns whether it has the place */
  admit(participant: string, line: HubPeer, isGone: () => boolean): Promise<boolean>;
  /** @returns whether the connection had the place */
  leave(participant: string, mine: HubPeer['mine']): boolean;
}

export interface PlacesOptions {
  /** The time for a connection to answer. */
  readonly answerMs: number;
  /** Called when a connection has the place, and `before` has lost it. */
  onAdmitted(participant: string, line: HubPeer, before: HubPeer | undefined): void;
}

export function places({ answerMs, onAdmitted }: PlacesOptions): Places {
  const lines = new Map<string, HubPeer>();
  /**
   * The pending question to a connection whether it is there; asked once, however many want its
   * place.
   */
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
