/** The token of a link such as `http://host:8470/#token=T`: in the fragment, which a browser sends to nobody. */

/** Undefined where the link has none. It stays there, so that the page can be loaded again. */
export function fragmentToken(hash: string): string | undefined {
  const token = new URLSearchParams(hash.replace(/^#/, '')).get('token')?.trim();
  return token === '' ? undefined : token;
}
