/** Waiting for what will be so: it is looked at whenever something has happened. */
export function happenings() {
  const waiting = new Set<() => void>();
  return {
    happened() {
      for (const look of waiting) look();
    },
    /** Resolves with what `find` finds, as soon as that is anything but undefined or false. */
    until<Found>(find: () => Found | undefined | false): Promise<Found> {
      return new Promise((resolve) => {
        const look = () => {
          const found = find();
          if (found === undefined || found === false) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      });
    },
  };
}
