/** The polynomial of IEEE 802.3, lowest bit first. */
const polynomial = 0xedb88320;

let remainders: Uint32Array | undefined;

/** CRC-32 as zip and zlib have it. node:zlib has it as well, but loading that takes a millisecond of each start. */
export function crc32(bytes: Uint8Array): number {
  remainders ??= Uint32Array.from({ length: 256 }, (_, byte) => remainderOf(byte));
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (remainders[(crc ^ byte) & 0xff] ?? 0);
  return ~crc >>> 0;
}

function remainderOf(byte: number): number {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit += 1) remainder = (remainder >>> 1) ^ ((remainder & 1) === 0 ? 0 : polynomial);
  return remainder;
}
