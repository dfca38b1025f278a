/**
 * Finds the settings by which a model was trained: they lie beside its file, in the folder of a run
 * or in that of a participant.
 */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DESCRIPTION } from '../../federation/participant/kept/participant-files.js';
import { descriptionSchema } from '../../protocol/description.js';
import { readConfigurationFile } from './configuration-file.js';

/**
 * The settings, as a run keeps them: with its defaults. Those in a participant's folder have no
 * `dataset`, since they do not say where data lie on this machine. Undefined if there are none.
 */
export async function settingsOfRun(model: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  // The folder itself may be named; models of single rounds are one folder deeper.
  for (const folder of [model, dirname(model), dirname(dirname(model))]) {
    const run = await readConfigurationFile(join(folder, 'configuration.yaml')).catch(() => undefined);
    if (run !== undefined) return run;
  }
  for (const folder of [model, dirname(model)]) {
    const agreed = await agreedSettings(join(folder, DESCRIPTION)).catch(() => undefined);
    if (agreed !== undefined) return agreed;
  }
  return undefined;
}

/** The settings that a participant agreed to. */
async function agreedSettings(file: string): Promise<Readonly<Record<string, unknown>>> {
  const { configuration } = descriptionSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  const { dataset: _, ...settings } = configuration;
  return settings;
}
