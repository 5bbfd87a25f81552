import {
  type AnyAction,
  asApplianceError,
  callerFile,
  defineAction,
  type EventsAccess,
  type JobCall,
  type View,
} from '@gemel/core/sdk';
import { z } from 'zod';
import { siteEvents } from '../events.js';
import { refusal, siteReports } from '../reports.js';
import type { VersionExchange } from '../cluster/version-exchange.js';
import type { VersionInstall } from '../version/version-install.js';
import type { VersionRemoval } from '../version/version-removal.js';
import type { VersionStore } from '../version/version-store.js';
import type { SiteGuard } from '../site/site-guard.js';
import { mebibytes } from '../site/site-space.js';
import { fields } from './site-inputs.js';

/** Far more than a site type needs. */
const mostVersionBytes = 8 * 1024 ** 3;

const listed = z.object({
  versions: z
    .array(
      z.object({
        type: z.string().describe('Type of the site.'),
        version: z.string().describe('Version.'),
        title: z.string().describe('The type for people.'),
        imageMiB: z.number().describe('Size of its image.'),
        firmware: z.string().describe('Range of firmware versions that it is made for.'),
        runsHere: z.boolean().describe('Whether it is made for the firmware of this node.'),
        sites: z
          .array(z.string())
          .nullable()
          .describe(
            'Sites that are at it, or keep it for going back; none: it is unused. Null on a node that does not hold the active role.',
          ),
      }),
    )
    .describe('What is installed on this node, by type, newest first.'),
});

const installed = z.object({
  type: z.string().describe('Type of the site.'),
  version: z.string().describe('Version.'),
});

export interface VersionParts {
  readonly versions: VersionStore;
  readonly install: VersionInstall;
  readonly removal: VersionRemoval;
  readonly guard: SiteGuard;
  readonly events: EventsAccess;
  /** Undefined where there is no way to another node. */
  readonly exchange: VersionExchange | undefined;
}

/** `gemel site version …`. */
export function versionActions(parts: VersionParts): readonly AnyAction[] {
  const { versions, install, removal, guard, events, exchange } = parts;
  return [
    defineAction({
      kind: 'call',
      id: 'site.version.list',
      summary: 'List the installed versions of all site types, and which are unused or not made for this firmware.',
      role: 'viewer',
      audited: false,
      input: z.strictObject({}),
      output: listed,
      present: presentVersions,
      async run() {
        const active = await guard.isActive();
        const [all, users] = await Promise.all([versions.list(), removal.users()]);
        return {
          versions: all.map((each) => ({
            type: each.type,
            version: each.version,
            title: each.title,
            imageMiB: mebibytes(each.image.bytes),
            firmware: each.firmware,
            runsHere: versions.misfit(each) === undefined,
            sites: active ? [...(users.get(`${each.type} ${each.version}`) ?? [])] : null,
          })),
        };
      },
    }),
    defineAction({
      kind: 'job',
      id: 'site.version.upload',
      summary: 'Check a version of a site type and install it.',
      role: 'administrator',
      input: z.strictObject({
        file: callerFile({ mostBytes: mostVersionBytes, ending: '.json', beside: 'image.file' })
          .describe('Its description; the image that it names is beside it.')
          .meta({ examples: ['/var/lib/gemel/incoming/prometheus-2.53.3.json'] }),
      }),
      output: installed,
      positionals: ['file'],
      present: ({ type, version }) => ({ kind: 'text', text: `${type} ${version} is installed.`, tone: 'ok' }),
      async run({ file }, call) {
        const { type, version } = await install.install(file, call);
        events.publish(siteEvents.versionInstalled, { type, version });
        if (exchange?.paired === true) await copyMissing(exchange, call);
        return { type, version };
      },
    }),
    defineAction({
      kind: 'job',
      id: 'site.version.copy',
      summary: 'Copy the versions that the other node of the pair lacks to it.',
      role: 'administrator',
      input: z.strictObject({}),
      output: z.object({ copied: z.array(z.string()).describe('Type and version of what was copied.') }),
      present: ({ copied }) => ({
        kind: 'text',
        text: copied.length === 0 ? 'The other node has all versions.' : `Copied: ${copied.join(', ')}.`,
        tone: 'ok',
      }),
      async run(_input, call) {
        if (exchange?.paired !== true) throw refusal(siteReports.report('sites.peer.none', {}));
        return { copied: [...(await exchange.copyMissing(call))] };
      },
    }),
    defineAction({
      kind: 'call',
      id: 'site.version.remove',
      summary: 'Remove a version that no site uses, in a pair from both nodes.',
      role: 'administrator',
      timeoutMs: 60_000,
      input: z.strictObject({ type: fields.type, version: fields.version }),
      output: installed,
      positionals: ['type', 'version'],
      confirmation: 'Remove {type} {version}? It must be uploaded again to be used again.',
      present: ({ type, version }) => ({ kind: 'text', text: `${type} ${version} is gone.`, tone: 'ok' }),
      async run({ type, version }) {
        await removal.remove(type, version);
        await exchange?.removeThere(type, version);
        events.publish(siteEvents.versionRemoved, { type, version });
        return { type, version };
      },
    }),
  ];
}

/** The version is installed here, whatever becomes of the other node. */
async function copyMissing(exchange: VersionExchange, call: JobCall): Promise<void> {
  try {
    await exchange.copyMissing(call);
  } catch (failure) {
    if (call.signal.aborted) throw failure;
    const { message } = asApplianceError(failure);
    call.log(
      `The other node does not have it yet: ${message} It gets it when it is back, or by: gemel site version copy.`,
    );
  }
}

function presentVersions({ versions }: z.output<typeof listed>): View {
  return {
    kind: 'table',
    columns: ['Type', 'Version', 'Title', 'Image', 'Marks', 'Sites'],
    rows: versions.map(({ type, version, title, imageMiB, runsHere, firmware, sites }) => [
      type,
      version,
      title,
      `${imageMiB} MiB`,
      runsHere
        ? { text: sites?.length === 0 ? 'unused' : '', tone: 'muted' as const }
        : { text: `made for firmware ${firmware}`, tone: 'bad' as const },
      sites?.join(', ') ?? 'on the other node',
    ]),
    empty: 'No version of any site type is installed. Upload one: gemel site version upload FILE.',
  };
}
