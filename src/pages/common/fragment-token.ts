/**
 * Reads the token of a link such as `http://host:8470/#token=T`. It is in the fragment, which a
 * browser never sends.
 */
import { readFragment } from '../../transport/hub/client/link.js';

/**
 * Undefined if the link has no token, or only a part of it. It stays in the link, so that the page
 * can be loaded again.
 */
export const fragmentToken = (hash: string): string | undefined => readFragment(hash).token;
