/** Finds the settings of the run that a model file is from: they lie in the run's folder. */
import { dirname, join } from 'node:path';
import { readConfigurationFile } from './configuration-file.js';

/** Undefined if the file does not lie in the folder of a run. */
export async function settingsOfRun(model: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  // Models of single rounds are one folder deeper.
  for (const folder of [dirname(model), dirname(dirname(model))]) {
    const run = await readConfigurationFile(join(folder, 'configuration.yaml')).catch(() => undefined);
    if (run !== undefined) return run;
  }
  return undefined;
}
