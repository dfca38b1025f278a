/**
 * The public name of a data set, without its place on a disk. A configuration or model that leaves
 * the machine has this name in place of a path.
 */
import { SITES } from '../../data/settings.js';
import type { Configuration } from './configuration.js';

/** Values of the setting that are not a folder. */
const reserved: readonly string[] = ['fashion-mnist', 'none', SITES];

/** The last part of a path; a known name stays as it is. */
export function datasetName(dataset: string): string {
  if (!/[/\\]/.test(dataset)) return dataset;
  const parts = dataset.split(/[/\\]/).filter((part) => part !== '' && part !== '.' && part !== '..');
  const name = parts.at(-1) ?? 'folder';
  return reserved.includes(name) ? `./${name}` : name;
}

/** Without the places of data on this machine. */
export function withoutPath(configuration: Configuration): Configuration {
  const { data, ...others } = configuration;
  const none = { sites: undefined, test: undefined, tokenizer: undefined };
  const { sites: _, test: __, tokenizer: ___, ...about } = { ...none, ...data };
  return {
    ...others,
    dataset: datasetName(configuration.dataset),
    ...(data && { data: about as Configuration['data'] }),
  };
}
