/** The two ends over NATS, for a program of its own: whoever imports this has installed the packages of NATS. */

export { openNatsCoordinator } from './transport/nats/coordinator.js';
export { takeLead } from './transport/nats/lead.js';
export { joinNats } from './transport/nats/participant.js';
