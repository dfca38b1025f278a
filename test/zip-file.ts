/** Writes zip archives, sound ones and ones that lie. */
import { crc32, deflateRawSync } from 'node:zlib';

export interface ZippedContent {
  readonly name: string;
  readonly content: Uint8Array;
  readonly isDeflated?: boolean;
  /** What the directory says instead of the truth. */
  readonly lies?: { readonly bytes?: number; readonly headerStart?: number; readonly method?: number };
}

export function zipOf(entries: readonly ZippedContent[]): Uint8Array {
  const pieces: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const { name, content, isDeflated = false, lies = {} } of entries) {
    const packed = isDeflated ? deflateRawSync(content) : content;
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(lies.method ?? (isDeflated ? 8 : 0), 4);
    shared.writeUInt32LE(crc32(content), 10);
    shared.writeUInt32LE(packed.length, 14);
    shared.writeUInt32LE(lies.bytes ?? content.length, 18);
    shared.writeUInt16LE(Buffer.byteLength(name), 22);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(lies.headerStart ?? at, 10);
    directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), shared, place, Buffer.from(name));
    const local = [Buffer.from('PK\x03\x04', 'latin1'), shared, Buffer.from(name), packed];
    pieces.push(...local);
    at += 30 + Buffer.byteLength(name) + packed.length;
  }
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...pieces, ...directory, end]);
}
