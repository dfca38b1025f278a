/**
 * Says how many files and sockets this process may have open, and how many of them a hub may use. A
 * hub that has used up all can neither accept a connection nor open its journal. Node only.
 */
import type { HubLimits } from './limits.js';

/** Infinite where the system sets no limit, or does not say. */
export function openFilesLimit(): number {
  // Addresses are looked up for it otherwise.
  Object.assign(process.report ?? {}, { excludeNetwork: true });
  const { userLimits } = (process.report?.getReport() ?? {}) as { userLimits?: UserLimits };
  const soft = userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : Number.POSITIVE_INFINITY;
}

interface UserLimits {
  readonly open_files?: { readonly soft: number | 'unlimited' };
}

/** The run's own files, threads and logs; and those of a program around it. */
const besides = 128;

/** No more connections than half of the descriptors; of the other half a transfer takes one. */
export function fittingLimits(limits: HubLimits, openFiles: number): HubLimits {
  const half = Math.floor(openFiles / 2);
  const connections = Math.min(limits.connections, Math.max(16, half));
  return {
    ...limits,
    connections,
    strangers: Math.min(limits.strangers, Math.max(1, Math.floor(connections / 4))),
    transfersInAll: Math.min(limits.transfersInAll, Math.max(16, half - besides)),
  };
}
