/** A file that grows piece by piece. */
export interface GrowingFile {
  /** All of the piece is written when it resolves. @throws ApplianceError `storage`. */
  append(data: Uint8Array): Promise<void>;
  /** Complete: on the medium and closed. @throws ApplianceError `storage`. */
  finish(): Promise<void>;
  /** Never throws; also after `finish`. */
  close(): Promise<void>;
}

/** What taking in large files needs of the medium. Everything else about them is the file store's. */
export interface UploadFiles {
  /** Makes the folder, for root alone. @returns bytes that are free on its volume. @throws ApplianceError `storage`. */
  room(folder: string): Promise<number>;
  /** Makes a file that is not there yet, with its folder, for root alone. @throws ApplianceError `storage`. */
  create(path: string): Promise<GrowingFile>;
}
