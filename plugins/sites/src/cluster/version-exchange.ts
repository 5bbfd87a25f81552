import type { JobCall } from '@gemel/core/sdk';
import { definePeerRequest, type PeerService } from '@gemel/plugin-peer/contract';
import { z } from 'zod';
import { paths } from '../paths.js';
import { refusal, siteReports } from '../reports.js';
import type { FileParts } from '../site/site-folders.js';
import { needSpace } from '../site/site-space.js';
import { metadataSchema, type VersionMetadata } from '../version/version-metadata.js';
import type { VersionInstall } from '../version/version-install.js';
import { siteType, siteVersion } from '../version/version-names.js';
import type { VersionStore } from '../version/version-store.js';

/** A request takes a mebibyte, and base 64 is a third longer. */
const chunkBytes = 512 * 1024;

/** Nothing in it outlives the copying. */
const fromPeer = `${paths.incoming}/from-peer`;
const dataPartition = paths.incoming.slice(0, paths.incoming.lastIndexOf('/'));

const which = z.object({ type: siteType, version: siteVersion });

export const listVersions = definePeerRequest({
  id: 'sites.version.list',
  trust: 'pinned',
  input: z.object({}),
  output: z.object({ versions: z.array(which) }),
});

/** A piece of an image; the first one begins anew. */
export const takeChunk = definePeerRequest({
  id: 'sites.version.take',
  trust: 'pinned',
  input: which.extend({
    offset: z.int().min(0),
    data: z.base64(),
    /** Of the whole image. A Gemel that is older than this one does not tell. */
    bytes: z.int().min(1).optional(),
  }),
  output: z.object({}),
  timeoutMs: 30_000,
});

/** No more pieces will come. */
export const dropPieces = definePeerRequest({
  id: 'sites.version.drop',
  trust: 'pinned',
  input: which,
  output: z.object({}),
});

/** All pieces are there: checked and installed like an upload. */
export const finishVersion = definePeerRequest({
  id: 'sites.version.finish',
  trust: 'pinned',
  input: z.object({ metadata: metadataSchema }),
  output: z.object({}),
  timeoutMs: 300_000,
});

/** The active node knows that no site uses it. */
export const removeVersion = definePeerRequest({
  id: 'sites.version.remove',
  trust: 'pinned',
  input: which,
  output: z.object({}),
  timeoutMs: 60_000,
});

export interface VersionExchangeParts {
  readonly peer: PeerService;
  readonly versions: VersionStore;
  readonly install: VersionInstall;
  readonly pieces: FileParts;
  /** Bytes that are free where the path is. */
  readonly free: (path: string) => Promise<number>;
  /** Writes the description beside the pieces. */
  readonly write: (path: string, content: string) => Promise<void>;
  readonly remove: (path: string) => Promise<void>;
  /** Of a version that the other node asks to remove; absent is fine. */
  readonly removeUnused: (type: string, version: string) => Promise<void>;
  /** After a version came from the other node. */
  readonly arrived: (metadata: VersionMetadata) => void;
}

/** Of a job, or of nobody's who waits. */
export type CopyCall = Pick<JobCall, 'signal' | 'progress'>;

/** Versions of both nodes: sites can only run where their version is. */
export class VersionExchange {
  /** What the other node had when it was asked last, as `type version`; undefined while it never was. */
  #there: Set<string> | undefined;
  #copying: Promise<unknown> = Promise.resolve();

  constructor(readonly parts: VersionExchangeParts) {}

  get paired(): boolean {
    return this.parts.peer.paired !== undefined;
  }

  get reachable(): boolean {
    return this.paired && this.parts.peer.reachable;
  }

  /** Installed here and not there. @throws ApplianceError `unavailable`, `timeout`. */
  async missingThere(signal?: AbortSignal): Promise<readonly VersionMetadata[]> {
    const { peer, versions } = this.parts;
    const there = await peer.call(listVersions, {}, signal === undefined ? {} : { signal });
    const known = new Set(there.versions.map(nameOf));
    this.#there = known;
    return (await versions.list()).filter((each) => !known.has(nameOf(each)));
  }

  /** Those of `needed` that the other node was last seen to lack, each once. What is not installed here either cannot be given to it. */
  async lackedThere(needed: readonly z.output<typeof which>[]): Promise<readonly string[]> {
    const there = this.#there;
    if (!this.paired || there === undefined) return [];
    const here = new Set((await this.parts.versions.list()).map(nameOf));
    return [...new Set(needed.map(nameOf))].filter((name) => here.has(name) && !there.has(name)).toSorted();
  }

  /** Copies all that the other node lacks. One at a time: it puts the pieces of a version together in one place. @returns what was copied, as `type version`. */
  copyMissing(call: CopyCall): Promise<readonly string[]> {
    const copying = this.#copying.then(async () => {
      const copied: string[] = [];
      for (const each of await this.missingThere(call.signal)) {
        await this.copy(each, call);
        copied.push(nameOf(each));
      }
      return copied;
    });
    this.#copying = copying.catch(() => undefined); // told to the one who asked
    return copying;
  }

  /** A node that is away cannot be asked: what it lacks is copied when it is back. @throws ApplianceError `conflict`. */
  async needThere(type: string, version: string): Promise<void> {
    if (!this.reachable) return;
    const missing = await this.missingThere();
    if (missing.some((each) => each.type === type && each.version === version))
      throw refusal(siteReports.report('sites.peer.lacks-version', { type, version }, 'version'));
  }

  async copy(metadata: VersionMetadata, { signal, progress }: CopyCall): Promise<void> {
    const { peer, versions, pieces } = this.parts;
    const { type, version, image } = metadata;
    const source = `${versions.folder(type, version)}/image.squashfs`;
    try {
      for (let offset = 0; offset < image.bytes; offset += chunkBytes) {
        const data = await pieces.read(source, offset, chunkBytes);
        await peer.call(takeChunk, { type, version, offset, data, bytes: image.bytes }, { signal });
        progress(Math.min(0.95, offset / image.bytes), `copying ${type} ${version} to the other node`);
      }
      await peer.call(finishVersion, { metadata }, { signal });
      this.#there?.add(nameOf(metadata));
    } catch (failure) {
      // Should this not arrive either, they are removed when its core starts, or with the next copy.
      await peer.call(dropPieces, { type, version }).catch(() => undefined);
      throw failure;
    }
  }

  /** Pieces that came before core was started: their sender has given up. */
  async tidy(): Promise<void> {
    await this.parts.remove(fromPeer);
  }

  /** A node that is away keeps it, which harms nobody. */
  async removeThere(type: string, version: string): Promise<void> {
    if (!this.reachable) return;
    await this.parts.peer.call(removeVersion, { type, version });
    this.#there?.delete(nameOf({ type, version }));
  }

  /** Answers the other node. */
  answer(): readonly Disposable[] {
    const { peer, versions, install, pieces, free, write, remove, removeUnused, arrived } = this.parts;
    const folder = (type: string, version: string) => `${fromPeer}/${type}-${version}`;
    return [
      peer.handle(listVersions, async () => ({
        versions: (await versions.list()).map(({ type, version }) => ({ type, version })),
      })),
      peer.handle(removeVersion, async ({ type, version }) => {
        if ((await versions.find(type, version)) !== undefined) await removeUnused(type, version);
        return {};
      }),
      peer.handle(dropPieces, async ({ type, version }) => {
        await remove(folder(type, version));
        return {};
      }),
      peer.handle(takeChunk, async ({ type, version, offset, data, bytes = 0 }) => {
        const target = folder(type, version);
        if (offset === 0) {
          await remove(target);
          // Once as pieces, once installed: the partition is also the log's and core's, and must not become full with half an image.
          await needSpace({ free }, dataPartition, 2 * bytes, `${type} ${version}`);
        }
        await pieces.write(`${target}/image`, offset, data);
        return {};
      }),
      peer.handle(finishVersion, async ({ metadata }, _origin, signal) => {
        const { type, version } = metadata;
        const target = folder(type, version);
        try {
          const description = { ...metadata, image: { ...metadata.image, file: 'image' } };
          await write(`${target}/version.json`, `${JSON.stringify(description, null, 2)}\n`);
          await install.install(`${target}/version.json`, { signal, progress: () => undefined });
          arrived(metadata);
        } finally {
          await remove(target);
        }
        return {};
      }),
    ];
  }
}

function nameOf({ type, version }: z.output<typeof which>): string {
  return `${type} ${version}`;
}
