/** The two ends over NATS, for programs that have installed the packages of NATS. */

export { openNatsCoordinator } from './transport/nats/coordinator/coordinator.js';
export { takeLead } from './transport/nats/coordinator/take-lead.js';
export { joinNats } from './transport/nats/participant/participant.js';
