/** Warns, before anything is sent, when others can read what goes to an address. */

/** Whether only this machine can reach the address. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host === '[::1]' || host.startsWith('127.');

/**
 * The warning for the address of a hub, or the addresses of NATS servers with commas between;
 * undefined if there is none.
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

/** Prints the warning to stderr, since stdout may be for another program. */
export function sayIfUnencrypted(addresses: string): void {
  const line = unencrypted(addresses);
  if (line !== undefined) process.stderr.write(`commonweight: ${line}\n`);
}
