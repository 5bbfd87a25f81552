import { hasBlockingReport, type Report } from '@gemel/core/sdk';
import { formatFigures, formatGiB, type MachineFigures } from '../inventory/figures.js';
import { hardwareReports } from '../reports.js';

/** One side of a pair. */
export interface PairNode {
  /** How people call it. */
  readonly name: string;
  /** Null when no profile fits. */
  readonly profile: { readonly id: string; readonly title: string; readonly kind: 'rack' | 'virtual' } | null;
  readonly figures: MachineFigures;
}

export interface PairVerdict {
  readonly allowed: boolean;
  readonly reports: readonly Report[];
  /** Both nodes' figures side by side. */
  readonly comparison: readonly {
    readonly what: string;
    readonly first: string;
    readonly second: string;
    readonly same: boolean;
  }[];
}

/** Linux reports a little less memory than installed, how much depends on firmware and devices. */
const memoryTolerance = 0.06;
/** Partitions, RAID metadata and makers' ideas of a gigabyte. */
const diskTolerance = 0.05;

/** May these two be a cluster? Pure. The order of the two makes no difference to the answer. */
export function judgePair(first: PairNode, second: PairNode): PairVerdict {
  const comparison = compareFigures(first, second);
  const reports = pairReports(first, second, comparison);
  return { allowed: !hasBlockingReport(reports), reports, comparison };
}

function pairReports(first: PairNode, second: PairNode, comparison: PairVerdict['comparison']): readonly Report[] {
  const both = {
    first: first.name,
    second: second.name,
    firstFigures: formatFigures(first.figures),
    secondFigures: formatFigures(second.figures),
  };
  const sized = ['Processors', 'Memory', 'Disk'];
  const differing = comparison
    .filter(({ what, same }) => sized.includes(what) && !same)
    .map(({ what }) => what.toLowerCase());
  const uneven = differing.join(', ');
  if (first.profile === null || second.profile === null) return unknownReports(first, second, both);

  const profiles = { firstProfile: first.profile.title, secondProfile: second.profile.title };
  if (first.profile.id === second.profile.id) {
    const reports: Report[] = [];
    if (first.profile.kind === 'virtual') reports.push(hardwareReports.report('hardware.pair.both-virtual', both));
    if (differing.length > 0) {
      const params = { ...both, profile: first.profile.title, differing: uneven };
      reports.push(hardwareReports.report('hardware.pair.uneven', params));
    }
    return reports;
  }
  if (first.profile.kind === second.profile.kind)
    return [hardwareReports.report('hardware.pair.different-models', { ...both, ...profiles })];
  if (differing.length > 0)
    return [hardwareReports.report('hardware.pair.different-figures', { ...both, ...profiles, differing: uneven })];
  const sameModel = first.figures.cpuModel === second.figures.cpuModel;
  return sameModel ? [] : [hardwareReports.report('hardware.pair.cpu-model', both)];
}

type Both = {
  readonly first: string;
  readonly second: string;
  readonly firstFigures: string;
  readonly secondFigures: string;
};

function unknownReports(first: PairNode, second: PairNode, both: Both): readonly Report[] {
  const [product, other] = [productName(first.figures), productName(second.figures)];
  if (first.profile === null && second.profile === null && product !== '' && product === other)
    return [hardwareReports.report('hardware.pair.untested', { ...both, product })];
  const unknown = [first, second].filter(({ profile }) => profile === null).map(({ name }) => name);
  return [hardwareReports.report('hardware.pair.unknown-models', { ...both, unknown: unknown.join(' and ') })];
}

export function productName({ manufacturer, product }: MachineFigures): string {
  return `${manufacturer} ${product}`.trim();
}

function compareFigures(first: PairNode, second: PairNode): PairVerdict['comparison'] {
  const [a, b] = [first.figures, second.figures];
  const row = (what: string, one: string, other: string, same = one === other) => ({
    what,
    first: one,
    second: other,
    same,
  });
  return [
    row('Profile', first.profile?.title ?? 'none', second.profile?.title ?? 'none'),
    row('Product', productName(a) || '-', productName(b) || '-'),
    row('Processor', a.cpuModel || '-', b.cpuModel || '-'),
    row('Processors', String(a.cpus), String(b.cpus)),
    row(
      'Memory',
      formatGiB(a.memoryBytes),
      formatGiB(b.memoryBytes),
      near(a.memoryBytes, b.memoryBytes, memoryTolerance),
    ),
    row('Disk', formatGiB(a.diskBytes), formatGiB(b.diskBytes), near(a.diskBytes, b.diskBytes, diskTolerance)),
    row('Network interfaces', String(a.nics.length), String(b.nics.length)),
  ];
}

function near(a: number, b: number, tolerance: number): boolean {
  return Math.abs(a - b) <= tolerance * Math.max(a, b);
}
