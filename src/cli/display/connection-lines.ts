/** Prints a line when a connection is lost, or cannot be made yet. */
export interface ConnectionLines {
  onConnected(): void;
  onTrouble(reason: string): void;
}

/** A repeated reason is printed once. */
export function connectionLines(print: (text: string) => void): ConnectionLines {
  let trouble = '';
  return {
    onConnected() {
      if (trouble !== '') print('connected again');
      trouble = '';
    },
    onTrouble(reason) {
      if (reason !== trouble) print(`no connection: ${reason}; trying again`);
      trouble = reason;
    },
  };
}
