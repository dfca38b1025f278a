/** The token of a link such as `http://host:8470/#token=T`: in the fragment, which a browser sends to nobody. */
import { readFragment } from '../../transport/hub/client/link.js';

/** Undefined where the link has none, or not all of it. It stays there, so that the page can be loaded again. */
export const fragmentToken = (hash: string): string | undefined => readFragment(hash).token;
