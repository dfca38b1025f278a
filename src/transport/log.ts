/** Where a transport says what happens: what pino offers, and a test can collect. Fields never hold a token. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

export const silentLog: Log = { info() {}, warn() {}, error() {} };
