import { open } from 'node:fs/promises';
import { blockBytes, VerityTree } from '../bundle/verity-tree.js';

const chunkBytes = 256 * blockBytes;

/** Where a verity bundle says what it holds: behind the data come the tree, the signature, and 8 bytes with the signature's length. */
export interface Payload {
  readonly rootHash: string;
  readonly salt: string;
  readonly treeBytes: number;
}

/**
 * Reads a bundle's whole data and compares it with the root hash that its signature vouches for. RAUC itself does so only while it writes
 * to the slot.
 *
 * @returns what is wrong, or undefined.
 */
export async function checkPayload(file: string, payload: Payload): Promise<string | undefined> {
  await using bundle = await open(file, 'r');
  const { size } = await bundle.stat();
  const length = Buffer.alloc(8);
  await bundle.read(length, 0, 8, size - 8);
  const dataBytes = size - 8 - Number(length.readBigUInt64BE()) - payload.treeBytes;
  if (dataBytes <= 0 || dataBytes % blockBytes !== 0) return 'its parts do not have the lengths they should';
  const computed = new VerityTree(payload.salt);
  const chunk = Buffer.alloc(chunkBytes);
  for (let at = 0; at < dataBytes; at += chunkBytes) {
    const wanted = Math.min(chunkBytes, dataBytes - at);
    const { bytesRead } = await bundle.read(chunk, 0, wanted, at);
    if (bytesRead !== wanted) return 'it ends too early';
    computed.add(chunk.subarray(0, wanted));
  }
  const { rootHash, tree } = computed.finish();
  if (rootHash !== payload.rootHash) return 'its content differs from what was signed';
  const stored = Buffer.alloc(payload.treeBytes);
  await bundle.read(stored, 0, payload.treeBytes, dataBytes);
  // the tree is what the kernel checks with while RAUC copies
  return stored.equals(tree) ? undefined : 'its hash tree differs from what was signed';
}
