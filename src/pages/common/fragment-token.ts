/** The token of a link such as `http://host:8470/#token=T`: in the fragment, which a browser sends to nobody. */
import { isToken } from '../../transport/hub/parse-address.js';

/** Undefined where the link has none, or not all of it. It stays there, so that the page can be loaded again. */
export function fragmentToken(hash: string): string | undefined {
  const token = new URLSearchParams(hash.replace(/^#/, '')).get('token')?.trim() ?? '';
  return isToken(token) ? token : undefined;
}
