/**
 * Checks the form of every request: one host, one token, and a body only where one is expected.
 * Node only.
 */
import type { IncomingMessage } from 'node:http';

export interface RequestForm {
  takesBody(request: IncomingMessage): boolean;
}

export interface FormProblem {
  readonly status: 400 | 413;
  readonly reason: 'headers' | 'body';
  readonly message: string;
}

/** Node takes the first of several headers; a proxy before the hub may take another. */
const onlyOnce = ['host', 'authorization'] as const;

export function requestProblem(request: IncomingMessage, form: RequestForm): FormProblem | undefined {
  const { headersDistinct } = request;
  const twice = onlyOnce.find((name) => (headersDistinct[name]?.length ?? 0) > 1);
  if (twice !== undefined) {
    return { status: 400, reason: 'headers', message: `the request has more than one header "${twice}"` };
  }
  if (hasBody(request) && !form.takesBody(request)) {
    const path = request.url?.slice(0, 100);
    return { status: 413, reason: 'body', message: `${request.method} ${path} takes no body` };
  }
  return undefined;
}

export const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || !/^0*$/.test(headers['content-length'] ?? '');
