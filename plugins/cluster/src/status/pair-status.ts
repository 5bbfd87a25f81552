import { type CellLike, defineStatus, type Tone, type View } from '@gemel/core/sdk';
import { type PairNode, type PairResource, pairSchema, type PairStatus } from './pair-schema.js';

export const clusterPair = defineStatus<PairStatus>({
  id: 'cluster.pair',
  title: 'Pair',
  schema: pairSchema,
  present: presentPair,
  overview: (pair) => {
    if (pair.phase === 'none') return [];
    const nodes = pair.nodes.map(({ name, role, state }) => `${name} ${role === '-' ? state : role}`).join(', ');
    const tone = pair.ready ? (pair.reasons.length === 0 ? 'ok' : 'warn') : 'bad';
    return [
      ['Cluster', { text: pair.running ? nodes : 'Pacemaker does not run', tone: pair.running ? 'plain' : 'bad' }],
      ['Takeover', { text: readinessText(pair), tone }],
    ];
  },
});

function readinessText({ ready, reasons }: PairStatus): string {
  if (reasons.length === 0) return 'ready';
  const list = reasons.filter(({ blocking }) => blocking === !ready).map(({ reason }) => reason);
  return `${ready ? 'ready, but' : 'not ready'}: ${list.join(', ')}`;
}

const nodeTones: Readonly<Record<PairNode['state'], Tone>> = {
  online: 'ok',
  maintenance: 'warn',
  joining: 'pending',
  leaving: 'pending',
  offline: 'bad',
  unclean: 'bad',
  unmanaged: 'warn',
};

const resourceTones: Readonly<Record<PairResource['state'], Tone>> = {
  started: 'ok',
  promoted: 'ok',
  stopped: 'bad',
  disabled: 'muted',
  failed: 'bad',
  blocked: 'bad',
  starting: 'pending',
  stopping: 'pending',
  other: 'warn',
};

export function presentPair(pair: PairStatus): View {
  if (pair.phase === 'none') {
    return { kind: 'text', text: 'This device is a single appliance. Make it part of a pair: gemel cluster create' };
  }
  const tone = pair.ready ? (pair.reasons.length === 0 ? 'ok' : 'warn') : 'bad';
  const fields: [string, CellLike][] = [
    ['Cluster', pair.phase],
    ['Cluster IP', pair.clusterIp ?? '-'],
    ['Active', pair.activeNode === null ? { text: 'none', tone: 'bad' } : pair.activeNode],
    ['Takeover', { text: pair.ready ? 'ready' : 'not ready', tone }],
    ...memory(pair),
  ];
  const views: View[] = [
    { kind: 'fields', fields },
    ...reasons(pair),
    nodes(pair),
    presentResources(pair),
    ...connections(pair),
    ...failures(pair),
    ...pair.notSurvived.map((text): View => ({ kind: 'text', text: `Not survived by itself: ${text}`, tone: 'muted' })),
  ];
  return { kind: 'group', views };
}

function memory({ memory: known }: PairStatus): readonly [string, CellLike][] {
  if (known === null || known.neededMiB === 0) return [];
  const { neededMiB, availableMiB } = known;
  const fits = neededMiB <= availableMiB;
  const text = `${neededMiB} MiB, ${availableMiB} MiB free on the other node`;
  return [['Memory of sites', { text, tone: fits ? 'ok' : 'warn' }]];
}

function reasons({ reasons: list }: PairStatus): readonly View[] {
  if (list.length === 0) return [];
  const rows = list.map(({ reason, blocking, text }) => [
    { text: reason, tone: blocking ? 'bad' : 'warn' } as const,
    text,
  ]);
  return [{ kind: 'table', title: 'Takeover', columns: ['Reason', 'What to do'], rows }];
}

function nodes({ nodes: list }: PairStatus): View {
  return {
    kind: 'table',
    title: 'Nodes',
    columns: ['', 'Node', 'State', 'External', 'Health', 'Resources'],
    rows: list.map((node) => [
      { text: node.role, tone: node.role === '-' ? 'bad' : 'ok' },
      node.local ? `${node.name} (this node)` : node.name,
      { text: node.state, tone: nodeTones[node.state] },
      node.external === null
        ? '-'
        : node.external
          ? { text: 'reached', tone: 'ok' }
          : { text: 'not reached', tone: 'bad' },
      { text: node.health, tone: node.health === 'green' ? 'ok' : node.health === 'red' ? 'bad' : 'warn' },
      String(node.resources),
    ]),
    empty: 'Pacemaker does not run on this node.',
  };
}

export function presentResources({ resources: list }: Pick<PairStatus, 'resources'>): View {
  return {
    kind: 'table',
    title: 'Resources',
    columns: ['Resource', 'State', 'On', 'Agent'],
    rows: list.map(({ name, state, nodes: on, passiveOn, managed, agent }) => [
      name,
      { text: managed ? state : `${state}, unmanaged`, tone: resourceTones[state] },
      [...on, ...passiveOn.map((node) => `${node} (passive)`)].join(', ') || '-',
      agent,
    ]),
    empty: 'There are no resources.',
  };
}

function connections({ links, data, moves }: PairStatus): readonly View[] {
  const lines = links.map(({ number, address, connected }): readonly [string, CellLike] => [
    `Link ${number}`,
    { text: `${connected ? 'connected' : 'down'} (${address})`, tone: connected ? 'ok' : 'bad' },
  ]);
  const replication: readonly (readonly [string, CellLike])[] =
    data === null
      ? []
      : [
          ['Data', { text: `${data.connection}, ${data.role}`, tone: data.connection === 'Connected' ? 'ok' : 'warn' }],
          ...(data.suspended ? ([['Writes here', { text: 'held back', tone: 'bad' }]] as const) : []),
          ['Data here', { text: data.disk, tone: data.disk === 'UpToDate' ? 'ok' : 'bad' }],
          ['Data there', { text: data.peerDisk, tone: data.peerDisk === 'UpToDate' ? 'ok' : 'bad' }],
          ...(data.synchronisedPercent === null
            ? []
            : ([['Synchronised', `${data.synchronisedPercent} %, ${data.remaining ?? '?'} left`]] as const)),
        ];
  const kept = moves.map(({ resource, node, kind }): readonly [string, CellLike] => [
    'Moved by hand',
    {
      text: `${resource} is ${kind === 'there' ? 'drawn to' : 'kept from'} ${node}; end it: gemel cluster resource clear ${resource}`,
      tone: 'warn',
    },
  ]);
  const fields = [...lines, ...replication, ...kept];
  return fields.length === 0 ? [] : [{ kind: 'fields', title: 'Connections', fields }];
}

function failures({ failures: list }: PairStatus): readonly View[] {
  if (list.length === 0) return [];
  return [
    {
      kind: 'table',
      title: 'Failures',
      columns: ['Resource', 'On', 'Operation', 'Said', 'At'],
      rows: list.map(({ resource, node, operation, text, at }) => [resource, node, operation, text, at]),
    },
  ];
}
