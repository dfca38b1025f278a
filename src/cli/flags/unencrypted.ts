/** Warns, before anything is sent, when others can read what goes to an address. */

/** Reached by this machine alone. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host === '[::1]' || host.startsWith('127.');

/**
 * In words, where there is something to say: of an address of a hub, or those of NATS servers with
 * commas between.
 */
export function unencrypted(addresses: string): string | undefined {
  for (const address of addresses.split(',')) {
    const [, scheme, host = ''] =
      /^(http|nats):\/\/(?:[^@]*@)?(\[[^\]]*\]|[^:/?#]*)/i.exec(address.trim()) ?? [];
    if (scheme === undefined || isLoopback(host.toLowerCase())) continue;
    return scheme.toLowerCase() === 'http'
      ? `nothing is encrypted on the way to ${host}: tokens and weights can be read there; https:// encrypts`
      : `nothing may be encrypted on the way to ${host}, unless the NATS server asks for it; tls:// encrypts`;
  }
  return undefined;
}

/** On stderr, since stdout may be for another program. */
export function sayIfUnencrypted(addresses: string): void {
  const line = unencrypted(addresses);
  if (line !== undefined) process.stderr.write(`commonweight: ${line}\n`);
}
