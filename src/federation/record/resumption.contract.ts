/**
 * A contract for every plan: a run that is killed at any time and resumed ends with the same bytes.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { everyCase } from '../../../test/every-case.js';
import type { Configuration } from '../../protocol/configuration/configuration.js';
import { decodeSafetensors } from '../../tensor/safetensors.js';
import type { TaskRunner } from '../../training/tasks.js';
import { updatesOfFolder } from '../coordinator/closing/files-of-run.js';
import { runLocalRounds } from '../coordinator/local-rounds.js';
import type { FederationPlan } from '../plan/plan-parts.js';
import { openRunFolder } from './run-folder.js';

export interface Resumable {
  /** The configuration of the run folder; the plan says what is carried out. */
  readonly configuration: Configuration;
  readonly plan: FederationPlan;
  readonly tasks: TaskRunner;
}

const folder = mkdtempSync(join(tmpdir(), 'resumption-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let folders = 0;

/**
 * Runs in a folder. With `killAt`, the process ends before or after so many facts are recorded, and
 * another resumes the run.
 */
export async function runInFolder(
  { configuration, plan, tasks }: Resumable,
  killAt?: { readonly facts: number; readonly recorded: boolean },
) {
  const path = join(folder, `run-${++folders}`);
  for (let start = 1; ; start++) {
    const store = await openRunFolder(path, configuration);
    const killed = killAt !== undefined && start === 1;
    let left = killed ? killAt.facts : Infinity;
    const facts: { type: string; round: number }[] = [];
    const mortal: typeof store = {
      ...store,
      async append(event) {
        facts.push(event);
        if (left-- > 0) return store.append(event);
        if (killAt?.recorded) await store.append(event);
        throw new Error('killed');
      },
    };
    try {
      const state = await runLocalRounds(plan, tasks, mortal, { openUpdates: updatesOfFolder(plan, store) });
      const models = readdirSync(join(path, 'models')).sort();
      const bytesOf = (name: string) => readFileSync(join(path, 'models', `${name}.safetensors`));
      return {
        ...{ state, facts },
        /** The names of the files that are left. */
        models: models.map((file) => file.replace('.safetensors', '')),
        bytesOf,
        valuesOf: (name: string) => [...decodeSafetensors(bytesOf(name), name).state.data],
      };
    } catch (error) {
      if (!killed || !(error instanceof Error) || error.message !== 'killed') throw error;
    } finally {
      await store.close();
    }
  }
}

export function resumptionContract(name: string, resumable: Resumable): void {
  describe(`a run with ${name}`, () => {
    it.each([
      ['before', false],
      ['after', true],
    ])('killed %s any of its facts is recorded comes to the same bytes', async (_, recorded) => {
      const undisturbed = await runInFolder(resumable);
      const last = undisturbed.state.rounds.length;
      const final = undisturbed.models.filter((model) => model.endsWith(`-${last}`));
      for (const at of momentsOf(undisturbed.facts, recorded)) {
        const resumed = await runInFolder(resumable, { facts: at, recorded });
        expect(shasOf(resumed)).toEqual(shasOf(undisturbed));
        for (const model of final) expect(resumed.bytesOf(model)).toEqual(undisturbed.bytesOf(model));
      }
    });
  });
}

/**
 * The places of the facts at which a run is killed: every one, or one of each kind in the first and
 * the last round, every second of which before it is recorded, and the others after.
 */
function momentsOf(
  facts: readonly { readonly type: string; readonly round: number }[],
  recorded: boolean,
): number[] {
  const last = Math.max(...facts.map(({ round }) => round));
  const places = facts.map((_, place) => place);
  if (everyCase) return places;
  const kindOf = (place: number) => `${facts[place]!.type} ${facts[place]!.round}`;
  const kinds = places.filter(
    (place) =>
      [1, last].includes(facts[place]!.round) &&
      !places.slice(0, place).some((earlier) => kindOf(earlier) === kindOf(place)),
  );
  return kinds.filter((_, i) => i % 2 === Number(recorded));
}

const shasOf = ({ state }: Awaited<ReturnType<typeof runInFolder>>) =>
  state.rounds.map(({ merged, refitted }) => ({ ...merged, seconds: 0, refitted }));
