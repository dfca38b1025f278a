/**
 * The version of everything that crosses the wire: messages, their order, the paths of the hub, the
 * subjects of NATS.
 */
export const PROTOCOL_VERSION = 4;
