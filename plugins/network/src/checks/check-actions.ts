import {
  type AnyAction,
  asApplianceError,
  defineAction,
  type FileStore,
  type Report,
  type SettingsAccess,
  type View,
} from '@gemel/core/sdk';
import { z } from 'zod';
import { presentReports, toOutput } from '../actions/draft.js';
import { parseAddress } from '../addresses/ip.js';
import { networkSection } from '../contract.js';
import { LinkIndex } from '../links/link-index.js';
import { networkReports, reportSchema } from '../reports.js';
import type { LinkFact } from '../settings/facts.js';
import { effectiveMtu, type ModelInterface, networkModel, type NetworkModel } from '../settings/network-model.js';
import { type Neighbours, ownHardwareAddresses } from '../system/neighbours.js';

const { report } = networkReports;

export interface CheckParts {
  readonly settings: SettingsAccess;
  readonly neighbours: Neighbours;
  readonly files: FileStore;
  links(signal: AbortSignal): Promise<readonly LinkFact[]>;
}

const outputSchema = z.object({
  reports: z.array(reportSchema).describe('What the checks found; empty when all is well'),
});

/** `network.check`: looks for other owners of the draft's addresses, for packets that are too large, and for links that only send. */
export function checkActions(parts: CheckParts): readonly AnyAction[] {
  return [
    defineAction({
      kind: 'job',
      id: 'network.check',
      summary: 'Check the draft on the wire before it is activated: duplicate addresses, MTU, one-way links.',
      role: 'operator',
      audited: false,
      input: z.object({}),
      output: outputSchema,
      present: ({ reports }): View => presentReports(reports),
      run: async (_input, { signal, progress, log }) => {
        const links = await parts.links(signal);
        // Simple Mode may leave it to the machine which NIC is the standard interface.
        const model = networkModel(await parts.settings.draft(networkSection), { links, connections: [] });
        const index = new LinkIndex({ links, connections: [] });
        const steps = [...duplicateChecks(parts, model, index, links), ...gatewayChecks(parts, model, index)];
        const found: Report[] = [];
        for (const [number, step] of steps.entries()) {
          progress(number / steps.length, step.what);
          const reports = await attempt(step.what, () => step.run(signal));
          for (const { text } of reports) log(text);
          found.push(...reports);
        }
        if (found.length === 0) found.push(report('network.check.fine', { what: `${steps.length} checks` }));
        return { reports: found.map(toOutput) };
      },
    }),
  ];
}

interface Step {
  readonly what: string;
  run(signal: AbortSignal): Promise<readonly Report[]>;
}

async function attempt(what: string, check: () => Promise<readonly Report[]>): Promise<readonly Report[]> {
  try {
    return await check();
  } catch (failure) {
    const error = asApplianceError(failure);
    if (error.code === 'cancelled') throw error;
    return [report('network.probe.unavailable', { what, reason: error.message })];
  }
}

/** The link on which an interface's packets will travel, as far as it exists now: its own, else a member's, else its parent's. */
function presentLink(subject: ModelInterface, model: NetworkModel, index: LinkIndex): LinkFact | undefined {
  const own = index.find(subject);
  if (own !== undefined) return own;
  const members = (subject.bond?.members ?? []).flatMap((name) => model.interfaces.get(name) ?? []);
  return members.map((member) => index.find(member)).find((link) => link?.carrier === true);
}

function duplicateChecks(
  { neighbours }: CheckParts,
  model: NetworkModel,
  index: LinkIndex,
  links: readonly LinkFact[],
): readonly Step[] {
  const ownHardware = ownHardwareAddresses(links);
  return [...model.interfaces.values()].flatMap((subject) =>
    subject.addresses
      .filter(({ parsed }) => parsed?.family === 4)
      .map((address) => ({
        what: `Whether ${address.text} is free`,
        run: async (signal: AbortSignal) => {
          const link = presentLink(subject, model, index);
          const what = `Whether ${address.text} is free`;
          if (link === undefined || !link.carrier) {
            const reason =
              subject.kind === 'vlan'
                ? `the VLAN ${subject.name} does not exist yet`
                : `${subject.name} has no link with carrier yet`;
            return [report('network.check.not-possible', { what, reason }, address.path)];
          }
          const hardwareAddress = await neighbours.usurper(address.parsed?.text ?? '', link.name, ownHardware, signal);
          if (hardwareAddress === undefined) return [];
          return [
            report(
              'network.probe.address-in-use',
              { interface: subject.name, address: address.text, hardwareAddress },
              address.path,
            ),
          ];
        },
      })),
  );
}

function gatewayChecks({ neighbours, files }: CheckParts, model: NetworkModel, index: LinkIndex): readonly Step[] {
  return [...model.interfaces.values()].flatMap((subject) =>
    subject.gateways.map((gateway) => ({
      what: `The way to the gateway ${gateway.text}`,
      run: async (signal: AbortSignal) => {
        const what = `The way to the gateway ${gateway.text}`;
        const link = index.find(subject);
        const address = parseAddress(gateway.text)?.text;
        if (link === undefined || !link.carrier || address === undefined) {
          return [
            report(
              'network.check.not-possible',
              { what, reason: `${subject.name} has no link with carrier yet` },
              gateway.path,
            ),
          ];
        }
        const received = () => counter(files, link.name, 'rx_packets');
        const before = await received();
        if (!(await neighbours.answers(address, link.name, signal))) {
          const silent = report(
            'network.probe.gateway-silent',
            { interface: subject.name, gateway: gateway.text },
            gateway.path,
          );
          const after = await received();
          const isOneWay = before !== undefined && after === before;
          return isOneWay
            ? [silent, report('network.check.one-way', { interface: subject.name }, subject.path)]
            : [silent];
        }
        const mtu = effectiveMtu(model, subject.name);
        if (link.mtu < mtu) {
          const reason = `${link.name} has an MTU of ${link.mtu} until then`;
          return [
            report(
              'network.check.not-possible',
              { what: `The MTU of ${mtu} on ${subject.name}`, reason },
              subject.path,
            ),
          ];
        }
        const hasAddress = link.addresses.some(({ family }) => family === gateway.family);
        if (!hasAddress || (await neighbours.carries(mtu, address, link.name, signal))) return [];
        return [report('network.check.mtu', { interface: subject.name, mtu, gateway: gateway.text }, subject.path)];
      },
    })),
  );
}

async function counter(files: FileStore, link: string, name: string): Promise<number | undefined> {
  const text = await files.read(`/sys/class/net/${link}/statistics/${name}`);
  return text === undefined ? undefined : Number(text);
}
