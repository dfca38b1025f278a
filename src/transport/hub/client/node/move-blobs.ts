/** Moves blobs to and from a hub, by Node's own requests. Node only. */
import { createHash } from 'node:crypto';
import { sha256Of } from '../../../../base/node/sha256-of.js';
import { type BlobMoverOptions, blobMover } from '../blob-mover.js';
import type { BlobRequests } from '../blob-requests.js';
import { finalError, type HubAddress } from './hub-address.js';
import { hubRequest } from './hub-request.js';

/** Moves blobs without a hub's messages, for participants that get their messages over NATS. */
export const moveBlobs = (address: HubAddress, options: BlobMoverOptions) =>
  blobMover(nodeRequests(address), options);

export const nodeRequests = (address: HubAddress): BlobRequests => ({
  async request(asked, over) {
    const response = await hubRequest(address, asked, over);
    return {
      status: response.statusCode,
      header: (name) => response.headers[name]?.toString(),
      pieces: () => response,
      discard: () => void response.resume(),
    };
  },
  finalError: (error) => finalError(error, address.url),
  sha256: sha256Of,
  runningSha256() {
    const hash = createHash('sha256');
    return { update: (piece) => void hash.update(piece), digest: () => hash.digest('hex') };
  },
});
