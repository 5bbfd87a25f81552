import { createHash, type Hash } from 'node:crypto';

/** dm-verity, format 1, as RAUC makes it: SHA-256 over salt and block, blocks of 4096 bytes, unused bytes of hash blocks zero. */
export const blockBytes = 4096;
const hashBytes = 32;
const hashesPerBlock = blockBytes / hashBytes;

/** Collects the hashes of data blocks and makes the levels above them. */
export class VerityTree {
  readonly #salt: Buffer;
  readonly #hashes: Buffer[] = [];

  constructor(salt: string) {
    this.#salt = Buffer.from(salt, 'hex');
  }

  /** @param data Whole blocks. */
  add(data: Buffer): void {
    for (let at = 0; at < data.length; at += blockBytes)
      this.#hashes.push(this.#hash(data.subarray(at, at + blockBytes)));
  }

  /** The root hash, hexadecimal, and the tree as it lies behind the data: the top level first. */
  finish(): { readonly rootHash: string; readonly tree: Buffer } {
    const levels: Buffer[] = [];
    let hashes: readonly Buffer[] = this.#hashes;
    do {
      const level = packed(hashes);
      levels.unshift(level);
      hashes = blocksOf(level).map((block) => this.#hash(block));
    } while (hashes.length > 1);
    return { rootHash: hashes[0]?.toString('hex') ?? '', tree: Buffer.concat(levels) };
  }

  #hash(block: Buffer): Buffer {
    const hash: Hash = createHash('sha256');
    return hash.update(this.#salt).update(block).digest();
  }
}

function packed(hashes: readonly Buffer[]): Buffer {
  const level = Buffer.alloc(Math.ceil(hashes.length / hashesPerBlock) * blockBytes);
  hashes.forEach((hash, index) => hash.copy(level, index * hashBytes));
  return level;
}

function blocksOf(level: Buffer): readonly Buffer[] {
  return Array.from({ length: level.length / blockBytes }, (_, index) =>
    level.subarray(index * blockBytes, (index + 1) * blockBytes),
  );
}
