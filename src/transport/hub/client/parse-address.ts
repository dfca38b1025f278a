/**
 * Parses the address of a hub and a token, as a person copied them. The same in Node and in a page.
 */
import { TransportError } from '../../error.js';

export interface HubLogin {
  /** http or https; without a path at the end. */
  readonly url: URL;
  readonly token: string;
}

/** Whether the text looks like a token. */
export const isToken = (text: string) => /^[\w-]{43}$/.test(text);

/** @throws TransportError when the address or the token cannot be one */
export function parseAddress(address: string, token: string): HubLogin {
  const url = parseUrl(address);
  const isPlace = url !== undefined && /^https?:$/.test(url.protocol) && /^\/?$/.test(url.pathname);
  if (!isPlace || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new TransportError(`transport: "${address}" is not the address of a hub`, {
      hint: 'it is like https://host:8470',
    });
  }
  if (!isToken(token)) {
    throw new TransportError('transport: this is not a token, expected 43 letters, digits, "-" and "_"', {
      hint: 'copy the whole token, or ask the operator for a new one',
    });
  }
  return { url, token };
}

function parseUrl(address: string): URL | undefined {
  try {
    return new URL(address);
  } catch {
    return undefined;
  }
}
