import type { FileStore } from '../sdk/system.js';

/** From the kernel's `asm-generic/socket.h`; the same on x86-64 and arm64. */
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
/** `struct ucred { pid_t pid; uid_t uid; gid_t gid; }` */
const ucredBytes = 12;
const uidOffset = 4;

/** The process at the other end of a local socket. */
export interface Peer {
  readonly pid: number;
  readonly uid: number;
}

type GetSocketOption = (descriptor: number, level: number, option: number, value: Buffer, length: Buffer) => number;

let getSocketOption: Promise<GetSocketOption> | undefined;

/** koffi takes 15 ms to load, so not before the first connection. */
async function loadGetSocketOption(): Promise<GetSocketOption> {
  const { default: koffi } = await import('koffi');
  const libc = koffi.load(null);
  // koffi's functions are typed `any`; this is the C declaration beside it
  return libc.func('int getsockopt(int, int, int, void *, void *)') as unknown as GetSocketOption;
}

/** Who opened the other end of a local socket, as the kernel recorded it then. Undefined when the platform can't tell. */
export async function peerOf(descriptor: number): Promise<Peer | undefined> {
  getSocketOption ??= loadGetSocketOption();
  const getOption = await getSocketOption;
  const credentials = Buffer.alloc(ucredBytes);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(ucredBytes);
  if (getOption(descriptor, SOL_SOCKET, SO_PEERCRED, credentials, length) !== 0) return undefined;
  return { pid: credentials.readInt32LE(0), uid: credentials.readUInt32LE(uidOffset) };
}

/** The user's name, or its number where it has none here. */
export async function userName(uid: number, files: FileStore): Promise<string> {
  const accounts = (await files.read('/etc/passwd')) ?? '';
  for (const line of accounts.split('\n')) {
    const [name, , id] = line.split(':');
    if (name !== undefined && name !== '' && id === String(uid)) return name;
  }
  return uid === 0 ? 'root' : String(uid);
}
