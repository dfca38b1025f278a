/** Gzip files as they come, and whether they are read: the same in Node and in a page. */

export interface GzipCase {
  readonly title: string;
  /** @param member compresses */
  file(member: (bytes: Uint8Array) => Promise<Uint8Array>): Promise<Uint8Array>;
  readonly isRead: boolean;
}

/**
 * What the files hold; halves are members of their own where there are two. Its last bytes are
 * zeros.
 */
export const CONTENT = Uint8Array.from({ length: 3000 }, (_, i) => (i < 2000 ? (i * i * 7919) >>> 5 : 0));
const halves = [CONTENT.subarray(0, 1500), CONTENT.subarray(1500)] as const;
const zeros = (count: number) => new Uint8Array(count);
const text = (words: string) => new TextEncoder().encode(words);

const together = (...parts: readonly Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

export const gzipCases: readonly GzipCase[] = [
  { title: 'one member', isRead: true, file: (member) => member(CONTENT) },
  {
    title: 'two members',
    isRead: true,
    file: async (member) => together(await member(halves[0]), await member(halves[1])),
  },
  {
    title: 'two members and one of nothing',
    isRead: true,
    file: async (member) => together(await member(CONTENT), await member(zeros(0))),
  },
  ...[1, 8, 500].map((count) => ({
    title: `${count} zeros behind it`,
    isRead: true,
    file: async (member: (bytes: Uint8Array) => Promise<Uint8Array>) =>
      together(await member(CONTENT), zeros(count)),
  })),
  {
    title: 'two members, and zeros behind them',
    isRead: true,
    file: async (member) => together(await member(halves[0]), await member(halves[1]), zeros(3)),
  },
  {
    title: 'other bytes behind it',
    isRead: false,
    file: async (member) => together(await member(CONTENT), text('something else')),
  },
  {
    title: 'other bytes behind zeros',
    isRead: false,
    file: async (member) => together(await member(CONTENT), zeros(5), text('something else')),
  },
  {
    title: 'a member behind zeros',
    isRead: false,
    file: async (member) => together(await member(halves[0]), zeros(5), await member(halves[1])),
  },
  {
    title: 'a second member that is cut short',
    isRead: false,
    file: async (member) => together(await member(halves[0]), (await member(halves[1])).subarray(0, 100)),
  },
  {
    title: 'a first member that is damaged',
    isRead: false,
    file: async (member) =>
      together(
        (await member(halves[0])).map((byte, i) => (i === 200 ? byte ^ 1 : byte)),
        await member(halves[1]),
      ),
  },
  {
    title: 'a checksum that does not fit',
    isRead: false,
    file: async (member) => {
      const bytes = await member(CONTENT);
      return bytes.map((byte, i) => (i === bytes.length - 8 ? byte ^ 1 : byte));
    },
  },
  {
    title: 'less than a member',
    isRead: false,
    file: async (member) => (await member(CONTENT)).subarray(0, -1),
  },
];
