/**
 * Removes secrets from text. Errors repeat what a user typed, and users paste links and addresses
 * with tokens and passwords in them. A secret is recognized by its form, wherever it is.
 */

const HIDDEN = '…';

/** `nats://user:password@host`, up to the last @ of the word; `file:///` has none. */
const CREDENTIALS = /(:\/\/)(?!\/)[^\s"'<>]*@/g;
/** `#token=…`, `?token=…`, `--token=…`, `"token":"…"`. */
const NAMED = /\b(token|password)(=|":\s?")[^\s"'&,;)}]+/gi;
/**
 * A token of ours: 43 letters, digits, "-" and "_", of both cases, which no hexadecimal hash has.
 */
const TOKEN = /(?<![\w-])(?=[\w-]*[A-Z])(?=[\w-]*[a-z])[\w-]{43}(?![\w-])/g;

export const redacted = (text: string): string =>
  text.replace(CREDENTIALS, `$1${HIDDEN}@`).replace(NAMED, `$1$2${HIDDEN}`).replace(TOKEN, HIDDEN);
