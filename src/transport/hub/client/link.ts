/**
 * Links to the pages of a hub, such as `http://host:8470/join#token=T`. The secret is after `#`,
 * which a browser never sends. A command accepts a link in place of an address. The same in Node
 * and in a page.
 */
import { isToken } from './parse-address.js';

/** The part of a link after `#`. */
export interface LinkFragment {
  /** Undefined if it is missing or not whole. */
  readonly token: string | undefined;
  /** The coordinator's key. */
  readonly key: string | undefined;
  /** Whether there is a token or a key, but not all of it. */
  readonly isCutOff: boolean;
}

export interface HubLink extends LinkFragment {
  /** The address of the hub, without the page and the part after `#`. */
  readonly address: string;
}

/** Of a key as people may write it. */
const isKey = (text: string) => /^[0-9a-f]{64}$/i.test(text);

export function readFragment(hash: string): LinkFragment {
  const fields = new URLSearchParams(hash.replace(/^#/, ''));
  const token = fields.get('token')?.trim() ?? '';
  const key = fields.get('key')?.trim() || undefined;
  const isCutOff = (token !== '' && !isToken(token)) || (key !== undefined && !isKey(key));
  return { token: isToken(token) ? token : undefined, key, isCutOff };
}

/** Reads a link or a plain address. Any other text is left as it is; `parseAddress` refuses it. */
export function readLink(text: string): HubLink {
  const [address = '', ...rest] = text.split('#');
  const page = /^(https?:\/\/[^/?]+)\/(join\/?)?$/.exec(address);
  return { address: page?.[1] ?? address, ...readFragment(rest.join('#')) };
}

/** A link to the page where a browser takes part, or to the dashboard. */
export const linkTo = (page: 'join' | 'watch', address: string, token: string, key?: string): string =>
  `${address.replace(/\/$/, '')}/${page === 'join' ? 'join' : ''}#token=${token}${key === undefined ? '' : `&key=${key}`}`;
