import { ApplianceError, type RenderedFile } from '../../sdk/index.js';

const block = 512;

/**
 * The files as a ustar archive, which early boot unpacks before the network starts: `tar -xpf rendered.tar -C /`. One file
 * because one fsync makes all of it durable, and tar keeps modes and group names without any program of ours running.
 * @param mtime Wall clock, milliseconds.
 */
export function archiveText(files: readonly RenderedFile[], mtime: number): string {
  const parts: string[] = [];
  for (const file of files) {
    const size = Buffer.byteLength(file.content);
    parts.push(
      header(file, size, Math.floor(mtime / 1_000)),
      file.content,
      '\0'.repeat((block - (size % block)) % block),
    );
  }
  parts.push('\0'.repeat(2 * block));
  return parts.join('');
}

/** True for paths that an archive and a file system take: absolute, plain, printable ASCII, without `.` and `..`. */
export function isArchivable(path: string): boolean {
  return /^(\/(?!\.{1,2}(\/|$))[!-.0-~]+)+$/.test(path) && splitName(path) !== undefined;
}

/** Name of at most 100 and prefix of at most 155 bytes, cut at a slash. */
function splitName(path: string): readonly [string, string] | undefined {
  const name = path.slice(1);
  if (name.length <= 100) return [name, ''];
  for (let cut = name.indexOf('/'); cut !== -1 && cut <= 155; cut = name.indexOf('/', cut + 1)) {
    if (name.length - cut - 1 <= 100) return [name.slice(cut + 1), name.slice(0, cut)];
  }
  return undefined;
}

function header(file: RenderedFile, size: number, mtime: number): string {
  const split = splitName(file.path);
  if (split === undefined) throw new ApplianceError('internal', `${file.path} is too long for an archive.`);
  const [name, prefix] = split;
  const mode = file.mode ?? 0o644;
  const before = text(name, 100) + octal(mode, 8) + octal(0, 8) + octal(0, 8) + octal(size, 12) + octal(mtime, 12);
  const owners = text('root', 32) + text(file.group ?? 'root', 32);
  const after = `0${text('', 100)}ustar\x0000${owners}${octal(0, 8)}${octal(0, 8)}${text(prefix, 155)}${text('', 12)}`;
  // The sum is taken with blanks in its own place.
  let sum = 8 * 32;
  for (const part of [before, after]) for (let index = 0; index < part.length; index++) sum += part.charCodeAt(index);
  return `${before}${sum.toString(8).padStart(6, '0')}\0 ${after}`;
}

function text(value: string, length: number): string {
  return value.slice(0, length).padEnd(length, '\0');
}

function octal(value: number, length: number): string {
  return `${value.toString(8).padStart(length - 1, '0')}\0`;
}
