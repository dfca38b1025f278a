/**
 * The log of a transport: the part of pino's interface that it uses, which a test can collect.
 * Fields never hold a token.
 */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

export const silentLog: Log = { info() {}, warn() {}, error() {} };
