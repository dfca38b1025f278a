/** What contradicts the setting `data` elsewhere in the settings. */
import type { Complaint } from '../base/complaint.js';
import { repeatedName } from '../base/names.js';
import { type DataSettings, SITES, sitesOf } from './settings.js';

interface SettingsOfData {
  readonly dataset: string;
  readonly data?: DataSettings | undefined;
  readonly partition: { readonly name: string; readonly participants: number };
  readonly participants?: readonly string[] | undefined;
  readonly examples?: number | undefined;
}

/** What contradicts the setting `data`. */
export function dataProblem(settings: SettingsOfData): Complaint | undefined {
  const { data, dataset } = settings;
  const sites = sitesOf(data);
  if (data?.kind === 'pictures' && data.labels !== undefined && data.masks !== undefined) {
    return {
      message: '"data" has "labels" and "masks", expected one of both',
      hint: 'leave one of them out',
    };
  }
  if (sites !== undefined) return sitesProblem(settings, sites);
  if (dataset === SITES && data?.sites === undefined) {
    return {
      message:
        '"dataset" is "sites", but "data" names none, expected a folder or a file for each participant',
      hint: `set "data" to a list of them; a folder with that name is "./${SITES}"`,
    };
  }
  if (data?.kind === 'table' && data.group !== undefined && settings.examples !== undefined) {
    return {
      message: '"examples" is set, which draws single rows, but "data.group" keeps rows together',
      hint: 'leave "examples" or "data.group" out',
    };
  }
  if (data === undefined || dataset !== 'fashion-mnist') return undefined;
  if (data.kind === 'pictures') {
    const field = data.labels === undefined ? 'masks' : 'labels';
    if (data[field] === undefined) return undefined;
    return {
      message: `"data.${field}" is set, but "dataset" is "fashion-mnist", which has its own classes`,
      hint: 'set "dataset" to a folder of pictures, or "data.sites" to one for each participant',
    };
  }
  return {
    message: `"data.kind" is "${data.kind}", but "dataset" is "fashion-mnist", which are pictures`,
    hint: 'set "dataset" to a file, or "data.sites" to one for each participant',
  };
}

function sitesProblem(
  { dataset, partition, participants, examples }: SettingsOfData,
  sites: readonly string[],
): Complaint | undefined {
  const message = (what: string) => `"data" names ${sites.length} sites, but ${what}`;
  if (dataset !== SITES)
    return {
      message: message(`"dataset" is "${dataset}", expected one of both`),
      hint: 'leave "dataset" out',
    };
  if (partition.name !== 'own') {
    return {
      message: message(`"partition.name" is "${partition.name}", and nothing is left to deal out`),
      hint: 'leave "partition.name" out',
    };
  }
  if (partition.participants !== sites.length) {
    return {
      message: message(`"partition.participants" is ${partition.participants}`),
      hint: 'leave "partition.participants" out',
    };
  }
  if (examples !== undefined)
    return {
      message: message('"examples" is set, which draws from one data set'),
      hint: 'leave "examples" out',
    };
  const repeated = repeatedName(participants ?? []);
  if (repeated === undefined) return undefined;
  return {
    message: `two participants are called "${repeated.again}", after their sites, expected names that differ`,
    hint: 'set "participants" to a name for each site',
  };
}
