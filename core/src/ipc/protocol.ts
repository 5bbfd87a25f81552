import { ApplianceError, type ErrorCode } from '../sdk/errors.js';
import type { Report } from '../sdk/reports.js';
import type { Role } from '../sdk/actions.js';
import type { Credential } from './authenticator.js';
import type { UploadOrder } from './core-api.js';

/** Said by both sides in their first message; another number is another language. */
export const protocolVersion = 1;

/** Ends a frame. JSON escapes it inside strings, so it can't occur in one. The framing is node-ipc's. */
export const frameEnd = '\f';

const mebibyte = 1024 * 1024;

/** What one connection may cost core, whoever is at the other end. */
export const limits = {
  /** A request: the largest document an operator hands over is far below. */
  requestBytes: 4 * mebibyte,
  /** A reply: larger ones are refused with the advice to ask for less. */
  replyBytes: 16 * mebibyte,
  /** Written and not yet read by the client; above it the connection is closed. Two replies of the largest size fit. */
  pendingBytes: 33 * mebibyte,
  /** Unread replies above this stop core from reading further requests of the connection. */
  congestedBytes: mebibyte,
  /** Requests of one connection that run at the same time. */
  requestsAtOnce: 64,
  /** Event subscriptions of one connection. */
  subscriptions: 16,
  /** Uploads of one connection that are under way. */
  uploads: 4,
  /**
   * A piece of an upload before it is put in base64. On one machine 240 MB take 1.6 s with 64 KiB, and core has 60 MiB more; with 512 KiB they
   * take longer, and what each piece leaves behind is collected so late that core has 150 MiB more.
   */
  pieceBytes: 64 * 1024,
  /** Events kept for a subscriber that does not keep up; then the oldest go. */
  queuedEvents: 1_000,
  /** Connections of one socket. */
  connections: 100,
  /** Time for the first message. Shorter would hit a client that starts on a busy machine. */
  helloMs: 5_000,
  /** Time for the rest of a frame that has begun. */
  frameMs: 10_000,
  /** Time for a client to take the replies it asked for. */
  readMs: 30_000,
} as const;

/** Messages of a client. */
export const clientKinds = ['hello', 'request', 'cancel'] as const;

/** Messages of core. `piece` is a part of a stream, which a reply ends. `goodbye` says why the connection is closed. */
export const serverKinds = ['welcome', 'reply', 'failure', 'piece', 'event', 'ended', 'goodbye'] as const;
export type ServerKind = (typeof serverKinds)[number];

export interface Welcome {
  readonly version: number;
  /** `local:jane`; of the connection itself, not of a session that a request carries. */
  readonly caller: string;
  readonly role: Role;
  readonly principal: string;
}

export const methods = ['describe', 'find', 'invoke', 'subscribe', 'upload', 'append'] as const;
export type Method = (typeof methods)[number];

/**
 * A session or token with which a request acts, and where its operator's connection comes from. Only principals that
 * stand in for operators (gateway, console) may send it; a person's shell sends `remote` alone.
 */
export interface OnBehalf {
  readonly credential?: Credential;
  readonly remote?: { readonly address: string; readonly localAddress: string };
  /** How long ago the operator's own connection was opened, milliseconds. */
  readonly connectionAgeMs?: number;
}

export interface Request {
  /** Chosen by the client, unique among its running requests. */
  readonly id: number;
  readonly method: Method;
  readonly params: Readonly<Record<string, unknown>>;
  readonly onBehalf?: OnBehalf;
}

/** A part of a stream on the wire; bytes that need not be text are in base64. */
export type WirePiece = { readonly text: string } | { readonly base64: string };

/** An ApplianceError on the wire. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly reports: readonly Report[];
}

export function toWire(error: ApplianceError): WireError {
  return { code: error.code, message: error.message, reports: error.reports };
}

export function fromWire(error: WireError): ApplianceError {
  return new ApplianceError(error.code, error.message, { reports: error.reports });
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The id of a request or cancel, or undefined when it has none that can be answered. */
export function requestId(body: unknown): number | undefined {
  const id = isRecord(body) ? body['id'] : undefined;
  return typeof id === 'number' && Number.isSafeInteger(id) && id >= 0 ? id : undefined;
}

/** @throws ApplianceError `invalid` that names what is wrong. */
export function parseRequest(id: number, body: Readonly<Record<string, unknown>>): Request {
  const { method, params = {}, onBehalf } = body;
  if (!isMethod(method)) throw new ApplianceError('invalid', `Unknown method. Known are: ${methods.join(', ')}.`);
  if (!isRecord(params)) throw new ApplianceError('invalid', 'params must be an object.');
  return { id, method, params, ...(onBehalf === undefined ? {} : { onBehalf: parseOnBehalf(onBehalf) }) };
}

/** A piece for the upload that began with the request of this id. */
export interface Piece {
  readonly upload: number;
  readonly file: number;
  readonly data: Uint8Array;
}

/** @throws ApplianceError `invalid`. */
export function parseUpload({ action, field, files }: Readonly<Record<string, unknown>>): UploadOrder {
  const list: readonly unknown[] = Array.isArray(files) ? files : [];
  if (typeof action !== 'string' || typeof field !== 'string' || list.length === 0) {
    throw new ApplianceError('invalid', 'An upload needs an action, a field and files.');
  }
  return { action, field, files: list.map(parseFile) };
}

function parseFile(value: unknown): UploadOrder['files'][number] {
  const { name, bytes } = isRecord(value) ? value : {};
  if (typeof name !== 'string' || !isCount(bytes)) {
    throw new ApplianceError('invalid', 'Each file of an upload needs a name and its bytes, a whole number.');
  }
  return { name, bytes };
}

/** @throws ApplianceError `invalid`. */
export function parsePiece({ upload, file = 0, data }: Readonly<Record<string, unknown>>): Piece {
  if (!isCount(upload) || !isCount(file) || typeof data !== 'string') {
    throw new ApplianceError('invalid', 'A piece needs the id of its upload, the number of its file, and data.');
  }
  const piece = Buffer.from(data, 'base64');
  if (piece.length === 0 || piece.length > limits.pieceBytes) {
    throw new ApplianceError('invalid', `A piece has 1 to ${limits.pieceBytes} bytes, in base64.`);
  }
  return { upload, file, data: piece };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isMethod(value: unknown): value is Method {
  return methods.some((method) => method === value);
}

function parseOnBehalf(value: unknown): OnBehalf {
  if (!isRecord(value)) throw new ApplianceError('invalid', 'onBehalf must be an object.');
  const { credential, remote, connectionAgeMs } = value;
  return {
    ...(credential === undefined ? {} : { credential: parseCredential(credential) }),
    ...(remote === undefined ? {} : { remote: parseRemote(remote) }),
    ...(connectionAgeMs === undefined ? {} : { connectionAgeMs: parseAge(connectionAgeMs) }),
  };
}

function parseCredential(value: unknown): Credential {
  const { kind, secret } = isRecord(value) ? value : {};
  if ((kind !== 'session' && kind !== 'token') || typeof secret !== 'string') {
    throw new ApplianceError('invalid', 'credential must have a kind, session or token, and a secret.');
  }
  return { kind, secret };
}

function parseRemote(value: unknown): NonNullable<OnBehalf['remote']> {
  const { address, localAddress } = isRecord(value) ? value : {};
  if (typeof address !== 'string' || typeof localAddress !== 'string') {
    throw new ApplianceError('invalid', 'remote must have an address and a localAddress.');
  }
  return { address, localAddress };
}

function parseAge(value: unknown): number {
  if (typeof value === 'number' && value >= 0) return value;
  throw new ApplianceError('invalid', 'connectionAgeMs must be a number that is not negative.');
}
