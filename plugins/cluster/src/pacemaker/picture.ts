import { z } from 'zod';
import { dataFence } from '../drbd/data-fence.js';
import { childAt, childrenNamed, type XmlElement } from './xml.js';

const flag = z.enum(['true', 'false']).transform((text) => text === 'true');
const optionalFlag = flag.default(false);
const count = z.coerce.number();

const nodeSchema = z.lazy(() =>
  z.object({
    name: z.string(),
    online: flag,
    standby: flag,
    maintenance: optionalFlag,
    pending: optionalFlag,
    unclean: optionalFlag,
    shutdown: optionalFlag,
    health: z.string().default('green'),
    resources_running: count.default(0),
  }),
);

const resourceSchema = z.lazy(() =>
  z.object({
    id: z.string(),
    resource_agent: z.string(),
    role: z.string(),
    target_role: z.string().optional(),
    active: flag,
    orphaned: optionalFlag,
    blocked: optionalFlag,
    managed: flag.default(true),
    failed: flag,
    pending: z.string().optional(),
  }),
);

const failureSchema = z.lazy(() =>
  z.object({
    op_key: z.string().default(''),
    id: z.string().optional(),
    node: z.string(),
    exitstatus: z.string().default(''),
    exitreason: z.string().default(''),
    task: z.string().default(''),
    'last-rc-change': z.string().default(''),
  }),
);

export interface PictureNode {
  readonly name: string;
  readonly online: boolean;
  readonly standby: boolean;
  /** Pacemaker's own maintenance mode: resources are left alone. Gemel's maintenance is standby. */
  readonly unmanaged: boolean;
  readonly pending: boolean;
  readonly unclean: boolean;
  /** It is leaving on purpose. */
  readonly leaving: boolean;
  readonly health: string;
  readonly running: number;
}

/** One resource at one place; a clone has as many as it has instances. */
export interface PictureResource {
  readonly id: string;
  /** The clone or group that it belongs to. */
  readonly parent: string | undefined;
  readonly agent: string;
  /** Started, Stopped, Promoted, Unpromoted, … */
  readonly role: string;
  readonly targetRole: string | undefined;
  readonly failed: boolean;
  readonly blocked: boolean;
  readonly managed: boolean;
  readonly orphaned: boolean;
  /** What is being done to it: `Starting`, `Stopping`, … */
  readonly pending: string | undefined;
  readonly nodes: readonly string[];
}

export interface PictureFailure {
  readonly resource: string;
  readonly node: string;
  readonly operation: string;
  readonly status: string;
  readonly reason: string;
  readonly at: string;
}

/** What Pacemaker says of the cluster at one moment. */
export interface ClusterPicture {
  readonly coordinator: string | undefined;
  readonly quorum: boolean;
  readonly fencingEnabled: boolean;
  /** What is done without quorum: `stop`, `ignore`, `freeze`, … */
  readonly withoutQuorum: string | undefined;
  readonly unmanaged: boolean;
  readonly nodes: readonly PictureNode[];
  readonly resources: readonly PictureResource[];
  readonly failures: readonly PictureFailure[];
  /** Nodes that DRBD keeps from being active: the other one went on writing without them. */
  readonly oldDataOn: readonly string[];
  /** By node, then by attribute. */
  readonly attributes: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Reads what `crm_mon --output-as=xml` prints; `crm_simulate` prints the same parts below other elements. */
export function readPicture(root: XmlElement): ClusterPicture {
  const coordinator = childAt(root, 'summary', 'current_dc');
  const options = childAt(root, 'summary', 'cluster_options')?.attributes ?? {};
  return {
    coordinator: coordinator?.attributes['name'],
    quorum: coordinator?.attributes['with_quorum'] === 'true',
    fencingEnabled: options['stonith-enabled'] === 'true',
    withoutQuorum: options['no-quorum-policy'],
    unmanaged: options['maintenance-mode'] === 'true',
    ...readPlacement(root),
    failures: childrenNamed(childAt(root, 'failures'), 'failure').map(readFailure),
    oldDataOn: childrenNamed(childAt(root, 'bans'), 'ban').flatMap(({ attributes: { id, node } }) =>
      node !== undefined && id?.startsWith(dataFence) === true ? [node] : [],
    ),
    attributes: readAttributes(root),
  };
}

/** Nodes and where each resource is. */
export function readPlacement(root: XmlElement): Pick<ClusterPicture, 'nodes' | 'resources'> {
  return {
    nodes: childrenNamed(childAt(root, 'nodes'), 'node').map(readNode),
    resources: readResources(childAt(root, 'resources'), undefined),
  };
}

function readNode({ attributes }: XmlElement): PictureNode {
  const node = nodeSchema.parse(attributes);
  return {
    name: node.name,
    online: node.online,
    standby: node.standby,
    unmanaged: node.maintenance,
    pending: node.pending,
    unclean: node.unclean,
    leaving: node.shutdown,
    health: node.health,
    running: node.resources_running,
  };
}

function readResources(element: XmlElement | undefined, parent: string | undefined): readonly PictureResource[] {
  return (element?.children ?? []).flatMap((child) => {
    if (child.name === 'resource') return [readResource(child, parent)];
    // clones and groups, and groups inside clones; a bundle's replicas carry no id
    return readResources(child, parent ?? child.attributes['id']);
  });
}

function readResource(element: XmlElement, parent: string | undefined): PictureResource {
  const resource = resourceSchema.parse(element.attributes);
  return {
    id: resource.id,
    parent,
    agent: resource.resource_agent,
    role: resource.role,
    targetRole: resource.target_role,
    failed: resource.failed,
    blocked: resource.blocked,
    managed: resource.managed,
    orphaned: resource.orphaned,
    pending: resource.pending,
    nodes: childrenNamed(element, 'node').map(({ attributes }) => attributes['name'] ?? ''),
  };
}

function readFailure({ attributes }: XmlElement): PictureFailure {
  const failure = failureSchema.parse(attributes);
  return {
    // `site-shop_monitor_10000`; the resource's own name may contain `_`
    resource: failure.id ?? failure.op_key.replace(/_[^_]+_\d+$/, ''),
    node: failure.node,
    operation: failure.task,
    status: failure.exitstatus,
    reason: failure.exitreason,
    at: failure['last-rc-change'],
  };
}

function readAttributes(root: XmlElement): ClusterPicture['attributes'] {
  const nodes = childrenNamed(childAt(root, 'node_attributes'), 'node');
  return Object.fromEntries(
    nodes.map((node) => [
      node.attributes['name'] ?? '',
      Object.fromEntries(
        childrenNamed(node, 'attribute').map(({ attributes }) => [attributes['name'] ?? '', attributes['value'] ?? '']),
      ),
    ]),
  );
}
