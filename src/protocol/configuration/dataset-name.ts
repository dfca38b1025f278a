/**
 * The public name of a data set, without its place on a disk. A configuration or model that leaves
 * the machine has this name in place of a path.
 */
import type { Configuration } from './configuration.js';

/** Values of the setting that are not a folder. */
const reserved: readonly string[] = ['fashion-mnist', 'none'];

/** The last part of a path; a known name stays as it is. */
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
