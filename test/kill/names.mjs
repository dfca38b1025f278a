/** How tests call files, and entries of the journal. */
import { basename, dirname } from 'node:path';

/** `blobs/1a2b3c4d`: a file by its folder and its name, as it will be called when it is whole. */
export function nameOf(path) {
  const file = basename(path)
    .replace(/^\./, '')
    .replace(/((\.[0-9a-f-]{16,36})?\.part(ial)?)+$/, '')
    .replace(/^[0-9a-f-]{36}$/, 'a file')
    .replace(/^([0-9a-f]{8})[0-9a-f]{56}$/, '$1');
  const folder = basename(dirname(path));
  return /^(blobs|models|methods|rounds|uploads)$/.test(folder) ? `${folder}/${file}` : file;
}

export function entryOf(line) {
  const { type, round, participant, update } = JSON.parse(line);
  return ['journal:', type, round, participant ?? update?.participant].filter(Boolean).join(' ');
}

/** @param pattern a regular expression for the whole name; nothing matches none */
export const matches = (name, pattern) =>
  pattern !== undefined && pattern !== '' && new RegExp(`^(${pattern})$`).test(name);
