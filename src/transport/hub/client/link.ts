/**
 * Links to the pages of a hub, such as `http://host:8470/join#token=T`. The secret is behind `#`,
 * which a browser never sends. A command accepts a link in place of an address. The same in Node
 * and in a page.
 */
import { isToken } from './parse-address.js';

/** What stands behind `#`. */
export interface LinkFragment {
  /** Whole, or nothing. */
  readonly token: string | undefined;
  /** The coordinator's key. */
  readonly key: string | undefined;
}

export interface HubLink extends LinkFragment {
  /** Of the hub: without a page and without what stands behind `#`. */
  readonly address: string;
}

export function readFragment(hash: string): LinkFragment {
  const fields = new URLSearchParams(hash.replace(/^#/, ''));
  const token = fields.get('token')?.trim() ?? '';
  return { token: isToken(token) ? token : undefined, key: fields.get('key')?.trim() || undefined };
}

/**
 * Of a link or of a plain address; what is neither is left as it is, for the reader of addresses to
 * say so.
 */
export function readLink(text: string): HubLink {
  const [address = '', ...rest] = text.split('#');
  const page = /^(https?:\/\/[^/?]+)\/(join\/?)?$/.exec(address);
  return { address: page?.[1] ?? address, ...readFragment(rest.join('#')) };
}

/** Of the page where a browser takes part, or of the one that shows the run. */
export const linkTo = (page: 'join' | 'watch', address: string, token: string, key?: string): string =>
  `${address.replace(/\/$/, '')}/${page === 'join' ? 'join' : ''}#token=${token}${key === undefined ? '' : `&key=${key}`}`;
