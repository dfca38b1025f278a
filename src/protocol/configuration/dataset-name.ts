/**
 * The name of a data set as others see it, without its place on a disk. A configuration that leaves
 * the machine, and a model, which is handed on, have this name in place of a path.
 */
import type { Configuration } from './configuration.js';

/** Words by which a configuration means something else than a folder. */
const reserved: readonly string[] = ['fashion-mnist', 'none'];

/** The last part of a path; a known name as it is. */
export function datasetName(dataset: string): string {
  if (!/[/\\]/.test(dataset)) return dataset;
  const parts = dataset.split(/[/\\]/).filter((part) => part !== '' && part !== '.' && part !== '..');
  const name = parts.at(-1) ?? 'folder';
  return reserved.includes(name) ? `./${name}` : name;
}

export const withoutPath = (configuration: Configuration): Configuration => ({
  ...configuration,
  dataset: datasetName(configuration.dataset),
});
