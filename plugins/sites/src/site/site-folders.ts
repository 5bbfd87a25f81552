export interface CopyOptions {
  readonly signal: AbortSignal;
  /** Bytes copied so far. */
  readonly progress: (bytes: number) => void;
}

/** What sites need of the file system beyond whole small files. All of it throws ApplianceError `storage`, and `cancelled` by the signal. */
export interface SiteFolders {
  exists(path: string): Promise<boolean>;
  /** Whether another file system begins here. */
  isMount(path: string): Promise<boolean>;
  /** User that a file or folder belongs to; undefined when there is none. */
  owner(path: string): Promise<number | undefined>;
  /** A folder that belongs to the user; parents are made and belong to root. */
  make(path: string, uid: number): Promise<void>;
  /** Bytes of all files in a folder. */
  size(path: string, signal: AbortSignal): Promise<number>;
  /** Bytes that are free where the path is. */
  free(path: string): Promise<number>;
  /** Copies a folder with owners, modes, times and links; on the medium before it resolves. What cannot be copied, such as sockets, is left out. */
  copy(from: string, to: string, options: CopyOptions): Promise<void>;
  /** Gives everything in the folder to another user. */
  give(path: string, uid: number, signal: AbortSignal): Promise<void>;
  /** Renames a folder. @throws ApplianceError `conflict` when there is something already. */
  move(from: string, to: string): Promise<void>;
  /** Copies a file and computes its SHA-256, lower-case hexadecimal. */
  copyFile(from: string, to: string, options: CopyOptions): Promise<string>;
  /** Size of a plain file; undefined when there is none or it cannot be seen. */
  fileSize(path: string): Promise<number | undefined>;
}

/** Pieces of large files, as base 64. */
export interface FileParts {
  read(path: string, offset: number, bytes: number): Promise<string>;
  /** Makes missing folders; the file ends with this piece. */
  write(path: string, offset: number, data: string): Promise<void>;
}
