import { ApplianceError } from '../sdk/errors.js';

const remedies: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on its volume. Remove what is not needed there and try again.',
  EDQUOT: 'the quota of its volume is used up. Remove what is not needed there and try again.',
  EROFS: 'its volume is read-only. A disk that failed is often the reason: look at `journalctl -k`.',
  EIO: 'the disk reports an error. Look at `journalctl -k` and replace the disk if it goes on.',
  EACCES: 'access is denied. Start Gemel as the user that owns the folder.',
  EPERM: 'access is denied. Start Gemel as the user that owns the folder.',
  EISDIR: 'it is a folder.',
  ENOTDIR: 'a part of its path is a file, not a folder. Remove that file.',
  ENOTEMPTY: 'there is already a folder that is not empty.',
  ENOENT: 'there is no such file.',
  EMFILE: 'too many files are open.',
};

/** @param verb `written`, `read`: completes "/path cannot be …". */
export function storageError(path: string, verb: string, cause: unknown): ApplianceError {
  if (cause instanceof ApplianceError) return cause;
  const code = errorCode(cause);
  const reason = (code === undefined ? undefined : remedies[code]) ?? `${code ?? String(cause)}.`;
  return new ApplianceError('storage', `${path} cannot be ${verb}: ${reason}`, { cause });
}

/** The `ENOENT` of a system call that failed. */
export function errorCode(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}
