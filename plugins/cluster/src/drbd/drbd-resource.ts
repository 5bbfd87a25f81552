import type { Membership } from '../membership/membership.js';

export const drbdFile = '/var/lib/gemel/cluster/drbd.d/gemel.res';
export const drbdResource = 'gemel';
const port = 7789;

/**
 * The pair's gemel.res. Pure, and the same text on both nodes; the one-node form belongs to the single appliance.
 * @param secret by which the nodes know each other; DRBD takes at most 64 characters.
 */
export function renderPairResource(membership: Membership, secret: string): string {
  const fencing = `# The other one may be about to go on without what is written here meanwhile: nothing is acknowledged until it was switched off, or
    # Pacemaker was told not to let it become active.
    fencing resource-and-stonith;`;
  return render(membership, secret, fencing);
}

/**
 * gemel.res of a node that goes on alone since somebody has said that the other one is off; undefined where nothing is replicated. After a
 * loss of power of both DRBD cannot know whether the other one went on, and lets no such node become active. Data known to be old stay so. Pure.
 * @param present as it is on disk; its secret stays.
 */
export function aloneResource(present: string | undefined, membership: Membership): string | undefined {
  const secret = /shared-secret "([^"]+)"/.exec(present ?? '')?.[1];
  if (secret === undefined || membership.options?.replicated !== true) return undefined;
  const fencing = `# Somebody has said that the other one is off.
    fencing dont-care;`;
  return render(membership, secret, fencing);
}

function render({ nodes }: Membership, secret: string, fencing: string): string {
  return `# Written by Gemel. Changes are lost with the next change of the cluster.
resource ${drbdResource} {
  protocol C;
  device /dev/drbd0 minor 0;
  disk /dev/disk/by-partlabel/gemel-shared;
  meta-disk internal;
  disk {
    ${fencing}
    on-io-error detach;
    # The default gives way to anything else that is written, down to 250 KiB/s: a pair would not be redundant for hours.
    c-min-rate 20M;
    c-plan-ahead 20;
    c-max-rate 1G;
    c-fill-target 1M;
  }
  handlers {
    fence-peer "/usr/lib/gemel/libexec/gemel-fence-peer";
    # Called by Pacemaker's agent too whenever both are current: a node that missed nothing has no resynchronisation to end.
    unfence-peer "/usr/lib/drbd/crm-unfence-peer.sh";
    after-resync-target "/usr/lib/drbd/crm-unfence-peer.sh";
  }
  net {
    cram-hmac-alg sha256;
    shared-secret "${secret}";
    after-sb-0pri disconnect;
    after-sb-1pri disconnect;
    after-sb-2pri disconnect;
    # What both have alike is compared and not sent: a new pair is mostly blank, one that was apart mostly the same.
    csums-alg sha1;
    max-buffers 8000;
    max-epoch-size 8000;
    # A node that is lost is noticed after 3 s. With the 10 s between two pings that are the default a write waits for so long, and so does
    # the promotion of the other node. The time for a write to be answered by a slow disk stays 42 s (timeout * ko-count).
    ping-int 2;
    ping-timeout 10;
    timeout 15;
    ko-count 28;
  }
${nodes
  .map(
    ({ hostName, sync }) => `  on ${hostName} {
    address ${sync.address.includes(':') ? `ipv6 [${sync.address}]` : `ipv4 ${sync.address}`}:${port};
  }`,
  )
  .join('\n')}
}
`;
}
