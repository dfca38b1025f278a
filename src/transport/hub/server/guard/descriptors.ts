/**
 * The number of files and sockets that this process may have open, and the part of it that a hub
 * may use. A hub without free descriptors can neither accept a connection nor open its journal.
 * Node only.
 */
import type { HubLimits } from './limits.js';

/** The limit of open files; infinite if the system sets none or does not say. */
export function openFilesLimit(): number {
  // Otherwise the report looks up the names of addresses.
  Object.assign(process.report ?? {}, { excludeNetwork: true });
  const { userLimits } = (process.report?.getReport() ?? {}) as { userLimits?: UserLimits };
  const soft = userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : Number.POSITIVE_INFINITY;
}

interface UserLimits {
  readonly open_files?: { readonly soft: number | 'unlimited' };
}

/** Descriptors for the run's own files, threads and logs, and for a program around it. */
const besides = 128;

/** At most half of the descriptors are connections; each transfer takes one of the other half. */
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
