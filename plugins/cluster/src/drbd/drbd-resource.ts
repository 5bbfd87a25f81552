import type { Membership } from '../membership/membership.js';

export const drbdFile = '/var/lib/gemel/cluster/drbd.d/gemel.res';
export const drbdResource = 'gemel';
const port = 7789;

/**
 * The pair's gemel.res. Pure, and the same text on both nodes; the one-node form belongs to the single appliance.
 * @param secret by which the nodes know each other; DRBD takes at most 64 characters.
 */
export function renderPairResource({ nodes }: Membership, secret: string): string {
  return `# Written by Gemel. Changes are lost with the next change of the cluster.
resource ${drbdResource} {
  protocol C;
  device /dev/drbd0 minor 0;
  disk /dev/disk/by-partlabel/gemel-shared;
  meta-disk internal;
  disk {
    # A node that lost the other asks Pacemaker to keep the other from becoming active before it goes on.
    fencing resource-only;
    on-io-error detach;
    # The default gives way to anything else that is written, down to 250 KiB/s: a pair would not be redundant for hours.
    c-min-rate 20M;
    c-plan-ahead 20;
    c-max-rate 1G;
    c-fill-target 1M;
  }
  handlers {
    fence-peer "/usr/lib/drbd/crm-fence-peer.sh";
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
    ping-timeout 10;
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
