import { describe, expect, it } from 'vitest';
import {
  blobsOfEachTest,
  coordinator,
  expected,
  finalText,
  participants,
  takePart,
} from '../../../../test/text-federation.js';
import { sha256Of } from '../../../base/node/sha256-of.js';
import { inProcess } from '../../../transport/in-process.js';
import { FederationError } from '../../error.js';
import { memoryStore } from '../../record/memory-store.js';
import type { RunStore } from '../../rounds/run-store.js';

blobsOfEachTest();

describe('rounds with remote participants', () => {
  it('lead from the initial weights to the last model', async () => {
    const { rounds, transport, end } = coordinator();
    const [a, b] = participants.map((name) => transport.openParticipant(name));
    const done = rounds.conduct(end, 1);
    await Promise.all([takePart(a!, 'site-a'), takePart(b!, 'site-b'), done]);
    const { stopped, rounds: records } = await done;
    expect(stopped).toBe('max-rounds');
    expect(await finalText(records[1]?.merged?.sha256)).toBe(expected);
    expect(records[1]?.copied).toEqual(new Map(participants.map((name) => [name, { accuracy: 0.5 }])));
  });

  it('come to the same bytes with a coordinator that is started again after every fact', async () => {
    const transport = inProcess();
    const store = memoryStore(sha256Of);
    let stop = new AbortController();
    const start = () => coordinator(transport, { store, observer: { onEvent: () => stop.abort() } });
    let current = start();
    const ends = participants.map((name) => transport.openParticipant(name));
    const taking = ends.map((end, k) => takePart(end, participants[k]!));
    let starts = 1;
    for (; ; starts++) {
      const outcome = await current.rounds
        .conduct(current.end, starts, stop.signal)
        .then(() => 'over')
        .catch((error: Error) => error.name);
      if (outcome === 'over') break;
      expect(outcome).toBe('InterruptedError');
      await current.end.close();
      stop = new AbortController();
      current = start();
    }
    await Promise.all(taking);
    expect(starts).toBeGreaterThan(3);
    expect(await finalText(current.rounds.state().rounds[1]?.merged?.sha256)).toBe(expected);
  });

  it('end with the reason when nothing can be recorded any more, and promise nothing that is not', async () => {
    const memory = memoryStore(sha256Of);
    const full = new FederationError('"journal.jsonl" cannot be written: no space left on device');
    const store: RunStore = {
      ...memory,
      append: (event) => (event.type === 'joined' ? memory.append(event) : Promise.reject(full)),
    };
    const { rounds, transport, end } = coordinator(undefined, { store });
    const done = rounds.conduct(end, 1);
    done.catch(() => undefined);
    const a = transport.openParticipant('site-a');
    await expect(takePart(a, 'site-a')).rejects.toThrow('no space left');
    await expect(done).rejects.toThrow('no space left');
    expect(memory.events.map(({ type }) => type)).toEqual(['joined']);
  });

  it('say who is waited for and what each is doing', async () => {
    const { rounds, transport, end } = coordinator();
    const stop = new AbortController();
    const done = rounds.conduct(end, 1, stop.signal);
    const a = transport.openParticipant('site-a');
    await a.announce({ type: 'joined', examples: 10, validationExamples: 2, runtime: 'none' });
    a.tell({ round: 1, activity: 'training', step: 3, steps: 7 });
    expect(rounds.status()).toMatchObject({
      phase: 'training',
      round: 1,
      rounds: 2,
      waitingFor: participants,
      participants: [
        { name: 'site-a', presence: 'here', examples: 10, progress: { step: 3 } },
        { name: 'site-b', presence: 'not joined' },
      ],
    });
    await a.close();
    expect(rounds.status().participants[0]).toMatchObject({ presence: 'gone' });
    stop.abort();
    await expect(done).rejects.toThrow('interrupted');
  });
});
