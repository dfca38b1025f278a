/**
 * Loads the two ends over NATS when they are needed. Their packages are optional, and take 14 MB of
 * memory.
 */
import { importOptional, type OptionalPackage } from '../../base/optional-package.js';
import { TransportError } from '../../transport/error.js';

export const natsPackages: OptionalPackage = {
  without: 'nats: a NATS server cannot be used',
  packages: [
    '@nats-io/jetstream@3.4.0',
    '@nats-io/kv@3.4.0',
    '@nats-io/obj@3.4.0',
    '@nats-io/transport-node@3.4.0',
  ],
};

/** @throws TransportError that says what to install */
export const loadNatsParticipant = () =>
  importOptional(
    () => import('../../transport/nats/participant/participant.js'),
    natsPackages,
    TransportError,
  );

/** @throws TransportError that says what to install */
export const loadNatsCoordinator = () =>
  importOptional(
    async () => ({
      ...(await import('../../transport/nats/coordinator/take-lead.js')),
      ...(await import('../../transport/nats/coordinator/coordinator.js')),
    }),
    natsPackages,
    TransportError,
  );
