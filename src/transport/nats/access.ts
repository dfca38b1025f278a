/**
 * The credentials for a NATS server, from flags and the environment. This module needs no package
 * of NATS.
 */

/**
 * Without any of these, a client connects anonymously, and without TLS unless the server or the URL
 * (tls://) asks for it.
 */
export interface NatsAccess {
  /** The file of a decentralized account: a JWT and its key. */
  readonly credsFile?: string | undefined;
  readonly token?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /**
   * PEM: the authority of the server's certificate, if the system does not know it. With it, TLS is
   * required.
   */
  readonly caFile?: string | undefined;
  /** PEM: our own certificate and its key, if the server asks for one. */
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

export function natsAccessFromEnvironment(environment: NodeJS.ProcessEnv): NatsAccess {
  return {
    credsFile: environment.COMMONWEIGHT_NATS_CREDS,
    token: environment.COMMONWEIGHT_NATS_TOKEN,
    user: environment.COMMONWEIGHT_NATS_USER,
    password: environment.COMMONWEIGHT_NATS_PASSWORD,
  };
}
