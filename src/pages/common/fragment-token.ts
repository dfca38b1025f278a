/**
 * Reads the token of a link such as `http://host:8470/#token=T`. It stands in the fragment, which a
 * browser never sends.
 */
import { readFragment } from '../../transport/hub/client/link.js';

/**
 * Undefined where the link has none, or not all of it. It stays there, so that the page can be
 * loaded again.
 */
export const fragmentToken = (hash: string): string | undefined => readFragment(hash).token;
