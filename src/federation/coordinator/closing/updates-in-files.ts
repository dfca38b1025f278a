/**
 * The updates of a round as files, merged chunk by chunk, so that the coordinator's memory does not
 * depend on their number or size. They are loaded together only to align hidden units. The bytes
 * are those of merging in memory. Node only.
 */
import { readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from '../../../base/node/make-folder.js';
import { writeFileWhole } from '../../../base/node/whole-file.js';
import { turnTaker } from '../../../base/turns.js';
import { mergeFiles } from '../../../merge/files/merge-files.js';
import { mergeInTurns, type Update } from '../../../merge/memory/merge.js';
import type { Strategy } from '../../../merge/strategy.js';
import { decodeSafetensors, encodeSafetensors } from '../../../tensor/safetensors.js';
import type { SafetensorsMetadata } from '../../../tensor/safetensors-header.js';
import { arrangeState, type StateDict, type StateLayout } from '../../../tensor/state-dict.js';
import { auxiliaryNames } from '../../methods/methods.js';
import type { FederationPlan } from '../../plan/plan-parts.js';
import { columnsOfFiles } from './columns-of-files.js';
import { mergedOn, mergeOptions, needsBase } from './merge-options.js';
import type { RoundUpdates } from './round-updates.js';
import type { StartFiles } from './start-files.js';

export interface UpdateFiles {
  /** In the order of the participants. */
  readonly updates: readonly UpdateFile[];
  readonly starts: StartFiles;
  /** Where the merged model is written, and the metadata of its file. */
  readonly output: string;
  readonly metadata?: SafetensorsMetadata | undefined;
  /** Keeps the written file. @returns its SHA-256 */
  keep(): Promise<string>;
  /** Rejects if a file is not the one in the journal. It is awaited before anything counts. */
  readonly sound?: Promise<void> | undefined;
  /** False if the states that they began with are too large to hold in memory. */
  readonly hasColumns: boolean;
  /** Writes the files that have to be decoded first. It is called once, before the first merge. */
  prepare?(): Promise<void>;
  /** Removes the files that `prepare` and `starts` wrote. */
  remove(): Promise<void>;
}

export interface UpdateFile {
  readonly participant: string;
  readonly examples: number;
  readonly path: string;
  /** The files of its attachments, by name. */
  readonly attachments: Readonly<Record<string, string>>;
}

type FilePlan = Pick<FederationPlan, 'align' | 'strategy' | 'compared' | 'mergeOn' | 'layout'>;

export function updatesInFiles(files: UpdateFiles, plan: FilePlan): RoundUpdates {
  const { updates, starts, output, sound } = files;
  const mergeTo = plan.align === undefined ? chunkByChunk(files, plan) : aligned(files, plan);
  const load = (path: string) => loadState(path, plan.layout);
  const paths = new Map(updates.map(({ participant, path }) => [participant, path]));
  const pathOf = (participant: string) => {
    const path = paths.get(participant);
    if (path === undefined) throw new Error(`internal: the update of "${participant}" does not count`);
    return path;
  };
  let prepared: Promise<void> | undefined;
  let compared = 0;
  let isKept = false;
  return {
    async merge(strategy) {
      // The first result is the round's model; the others are only compared with it.
      const path = isKept ? `${output}.compared-${++compared}.part` : output;
      isKept = true;
      await makeFolder(dirname(path));
      try {
        prepared ??= files.prepare?.();
        await prepared;
        await mergeTo(strategy, path);
      } finally {
        // If a file was damaged, that is the reason to report, whatever error it led to.
        await sound;
      }
      return {
        load: () => load(path),
        keep: files.keep,
        discard: () => rm(path, { force: true }),
      };
    },
    async base() {
      const common = await starts.common();
      return common === undefined ? undefined : load(common);
    },
    load: async (participant) => load(pathOf(participant)),
    columns: files.hasColumns ? columns : undefined,
    close: files.remove,
  };

  async function* columns(participants: readonly string[]) {
    const began: string[] = [];
    for (const participant of participants) began.push(await starts.of(participant));
    yield* columnsOfFiles(plan.layout, participants.map(pathOf), began);
  }
}

type MergeTo = (strategy: Strategy, output: string) => Promise<void>;

function chunkByChunk({ updates, starts, metadata }: UpdateFiles, plan: FilePlan): MergeTo {
  const filesOf = (name: string) => [name, updates.map(({ attachments }) => attachments[name] as string)];
  return async (strategy, output) => {
    const base = needsBase(plan) ? await starts.common() : undefined;
    const on = base === undefined ? 'weights' : mergedOn(strategy, plan);
    await mergeFiles({
      inputs: updates.map(({ path }) => path),
      examples: updates.map(({ examples }) => examples),
      ...{ strategy, output, on },
      ...(on === 'updates' && { base }),
      ...(strategy.auxiliaries && { auxiliaries: Object.fromEntries(strategy.auxiliaries.map(filesOf)) }),
      ...(metadata && { metadata }),
    });
  };
}

function aligned({ updates, starts, metadata }: UpdateFiles, plan: FilePlan): MergeTo {
  const names = auxiliaryNames([plan.strategy, ...plan.compared]);
  const prepare = async () => {
    const base = needsBase(plan) ? await starts.common() : undefined;
    const common = base === undefined ? undefined : await loadState(base, plan.layout);
    const states: Update[] = [];
    for (const { participant: name, examples, path, attachments } of updates) {
      const auxiliaries: Record<string, StateDict> = {};
      for (const auxiliary of names) {
        const attached = attachments[auxiliary];
        if (attached !== undefined) auxiliaries[auxiliary] = await loadState(attached);
      }
      states.push({ name, examples, state: await loadState(path, plan.layout), auxiliaries });
    }
    return { common, states: plan.align?.(states, common) ?? states };
  };
  let prepared: ReturnType<typeof prepare> | undefined;
  return async (strategy, output) => {
    prepared ??= prepare();
    const { common, states } = await prepared;
    const merged = await mergeInTurns(strategy, states, mergeOptions(plan, common), turnTaker());
    await writeFileWhole(output, encodeSafetensors(merged, metadata));
  };
}

/** In the order of the layout, if one is given. */
async function loadState(path: string, layout?: StateLayout): Promise<StateDict> {
  const { state } = decodeSafetensors(await readFile(path), path);
  return layout === undefined ? state : arrangeState(state, layout, `"${path}"`);
}
