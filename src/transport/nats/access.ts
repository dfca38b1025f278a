/**
 * How a NATS server lets a client in, from flags and the environment. It needs no package of NATS.
 */

/**
 * Without any of it: as anybody, and without TLS unless the server or the URL (tls://) asks for it.
 */
export interface NatsAccess {
  /** Of a decentralized account: a JWT and its key. */
  readonly credsFile?: string | undefined;
  readonly token?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /**
   * PEM: by whom the server's certificate is signed, where that is nobody the system knows. With
   * it, TLS is required.
   */
  readonly caFile?: string | undefined;
  /** PEM: our own certificate, and its key, where the server asks for one. */
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
