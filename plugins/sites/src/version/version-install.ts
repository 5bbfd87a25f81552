import { isDeepStrictEqual } from 'node:util';
import type { CommandRunner, FileStore, JobCall } from '@gemel/core/sdk';
import { paths } from '../paths.js';
import { refusal, siteReports } from '../reports.js';
import type { SiteFolders } from '../site/site-folders.js';
import { mebibytes } from '../site/site-space.js';
import { describedSchema, parseMetadata, type VersionMetadata } from './version-metadata.js';
import type { VersionStore } from './version-store.js';
import { renderHealth, renderUnit } from './version-unit.js';

/** Where an image describes itself. */
const selfDescription = 'usr/lib/gemel-site/version.json';
/** systemd mounts over these, and cannot make them in an image that can only be read. */
const mountPoints = [
  'data',
  'dev',
  'proc',
  'run',
  'sys',
  'tmp',
  'var/tmp',
  'etc/resolv.conf',
  'etc/hosts',
  'etc/localtime',
  'etc/ssl/certs/ca-certificates.crt',
];
/** Unpacking is work of seconds; an image that needs longer is no site. */
const unpackMs = 300_000;
/** An image is a small system; when unpacked it is at most this many times as large. */
const unpackedFactor = 6;

export interface VersionInstallParts {
  readonly files: FileStore;
  readonly folders: SiteFolders;
  readonly commands: CommandRunner;
  readonly versions: VersionStore;
}

/** Of a job, or of the other node's request. */
export type InstallCall = Pick<JobCall, 'signal' | 'progress'>;

/** Takes a version in: checked as a whole, then put in place by one rename. */
export class VersionInstall {
  constructor(readonly parts: VersionInstallParts) {}

  /** @param file Absolute path of the description; the image is beside it. @throws ApplianceError `invalid`, `conflict`, `storage`, `cancelled`. */
  async install(file: string, call: InstallCall): Promise<VersionMetadata> {
    const { files, folders, versions } = this.parts;
    const metadata = await this.#describe(file);
    const { type, version, image } = metadata;
    if ((await versions.find(type, version)) !== undefined)
      throw refusal(siteReports.report('sites.version.installed', { type, version }, 'file'));
    const source = `${file.slice(0, file.lastIndexOf('/'))}/${image.file}`;
    await this.#checkSize(source, metadata);

    const unpack = await this.#mustUnpack();
    await this.#checkSpace(metadata, unpack);
    const work = `${paths.versions}/.new-${type}-${version}`;
    await files.remove(work);
    try {
      const target = `${work}/image.squashfs`;
      const sum = await folders.copyFile(source, target, {
        signal: call.signal,
        progress: (bytes) => call.progress((bytes / image.bytes) * 0.8, `copying and checking ${image.file}`),
      });
      if (sum !== image.sha256)
        throw refusal(siteReports.report('sites.version.damaged', { file: source }, 'file'), 'invalid');
      call.progress(0.85, 'looking into the image');
      await this.#lookInto(target, source, metadata, call.signal);
      if (unpack) {
        call.progress(0.9, 'unpacking, since this host has no loop devices');
        await this.#unsquash(['-no-progress', '-no-xattrs', '-dest', `${work}/root`, target], source, call.signal);
      }
      await files.write(`${work}/unit.conf`, renderUnit(metadata));
      await files.write(`${work}/health.env`, renderHealth(metadata));
      await files.write(`${work}/version.json`, `${JSON.stringify(metadata, null, 2)}\n`);
      call.signal.throwIfAborted();
      await folders.move(work, versions.folder(type, version));
    } finally {
      await files.remove(work);
    }
    return metadata;
  }

  /** @throws ApplianceError `invalid` with a report for each field. */
  async #describe(file: string): Promise<VersionMetadata> {
    const path = file;
    const text = await this.parts.files.read(file);
    if (text === undefined)
      throw refusal(
        siteReports.report('sites.version.file-unseen', { path, incoming: paths.incoming }, 'file'),
        'invalid',
      );
    const parsed = parseMetadata(text);
    if (parsed.kind === 'metadata') return parsed.metadata;
    const [first, ...others] = parsed.problems.map((problem) =>
      siteReports.report('sites.version.invalid', { file, ...problem }, 'file'),
    );
    if (first === undefined) throw new Error('a refused description has no problem');
    const error = refusal(first, 'invalid');
    Object.assign(error, { reports: [first, ...others] });
    throw error;
  }

  async #checkSize(source: string, { image }: VersionMetadata): Promise<void> {
    const bytes = await this.parts.folders.fileSize(source);
    if (bytes === undefined) {
      const params = { path: source, incoming: paths.incoming };
      throw refusal(siteReports.report('sites.version.file-unseen', params, 'file'), 'invalid');
    }
    if (bytes === image.bytes) return;
    const params = { file: source, bytes, expected: image.bytes };
    throw refusal(siteReports.report('sites.version.wrong-size', params, 'file'), 'invalid');
  }

  async #checkSpace({ type, version, image }: VersionMetadata, unpack: boolean): Promise<void> {
    const needed = image.bytes * (unpack ? 1 + unpackedFactor : 1);
    const parent = paths.versions.slice(0, paths.versions.lastIndexOf('/'));
    const free = await this.parts.folders.free(parent);
    if (free >= needed) return;
    const params = { path: parent, free: mebibytes(free), needed: mebibytes(needed), what: `${type} ${version}` };
    throw refusal(siteReports.report('sites.volume.full', params, 'file'), 'storage');
  }

  /** The image must be one, must have what systemd mounts over, and must say the same of itself. */
  async #lookInto(image: string, source: string, metadata: VersionMetadata, signal: AbortSignal): Promise<void> {
    const listed = await this.#unsquash(['-ls', '-dest', '', image, ...mountPoints], source, signal);
    const names = new Set(listed.split('\n').map((line) => line.trim().replace(/^\//, '')));
    const missing = mountPoints.filter((path) => !names.has(path));
    const noImage = (said: string) =>
      refusal(siteReports.report('sites.version.no-image', { file: source, said }, 'file'), 'invalid');
    if (missing.length > 0) throw noImage(`it lacks ${missing.map((path) => `/${path}`).join(', ')}.`);
    const text = await this.#unsquash(['-cat', image, selfDescription], source, signal);
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      throw noImage(`/${selfDescription} in it is not JSON.`);
    }
    const own = describedSchema.safeParse(json);
    if (!own.success) throw noImage(`/${selfDescription} in it is not valid.`);
    const { image: _image, ...described } = metadata;
    const fields = Object.entries(described)
      .filter(([name, value]) => !isDeepStrictEqual(new Map(Object.entries(own.data)).get(name), value))
      .map(([name]) => name);
    if (fields.length === 0) return;
    const params = { file: source, type: own.data.type, version: own.data.version, fields: fields.join(', ') };
    throw refusal(siteReports.report('sites.version.differs', params, 'file'), 'invalid');
  }

  async #unsquash(options: readonly string[], source: string, signal: AbortSignal): Promise<string> {
    const limits = { signal, timeoutMs: unpackMs, maxOutputBytes: 16 * 1024 * 1024 };
    const { exitCode, stdout, stderr } = await this.parts.commands.run(['unsquashfs', ...options], limits);
    if (exitCode === 0) return stdout;
    const said = `unsquashfs: ${stderr.trim().split('\n').at(-1) ?? ''}.`;
    throw refusal(siteReports.report('sites.version.no-image', { file: source, said }, 'file'), 'invalid');
  }

  async #mustUnpack(): Promise<boolean> {
    return (await this.parts.files.read(paths.containerMark)) !== undefined;
  }
}
