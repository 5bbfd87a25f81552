import type { Membership } from '../membership/membership.js';

export const corosyncFile = '/var/lib/gemel/cluster/corosync.conf';
export const keyFile = '/var/lib/gemel/cluster/authkey';

/** corosync-qdevice(8) `timeout`, by default 10 s. A lost node's vote goes over after about this time: the witness must have noticed too. */
const witnessTimeoutMs = 3_000;

/**
 * The whole of corosync.conf. Pure, and the same text on both nodes.
 *
 * One node alone has one vote of one and needs nobody's agreement. Two nodes are `two_node`, where either may go on alone; a
 * witness takes that over with a third vote.
 */
export function renderCorosync({ nodes, options }: Membership): string {
  if (options === null) throw new Error('a cluster has options');
  const { tokenMs, consensusMs, witness } = options;
  const isPair = nodes.length === 2;
  const lines = [
    '# Written by Gemel. Changes are lost with the next change of the cluster.',
    'totem {',
    '  version: 2',
    '  cluster_name: gemel',
    '  transport: knet',
    '  crypto_cipher: aes256',
    '  crypto_hash: sha256',
    '  link_mode: passive',
    `  token: ${tokenMs}`,
    // Below 1.2 × token is allowed for two nodes, corosync.conf(5); it is a part of every outage.
    `  consensus: ${consensusMs}`,
    '}',
    'nodelist {',
    ...nodes.flatMap(({ hostName, nodeId, sync, external }) => [
      '  node {',
      `    name: ${hostName}`,
      `    nodeid: ${nodeId}`,
      `    ring0_addr: ${sync.address}`,
      `    ring1_addr: ${external.address}`,
      '  }',
    ]),
    '}',
    'quorum {',
    '  provider: corosync_votequorum',
    ...(isPair && witness === null ? ['  two_node: 1'] : []),
    ...(isPair && witness !== null
      ? [
          '  device {',
          '    model: net',
          '    votes: 1',
          `    timeout: ${witnessTimeoutMs}`,
          `    sync_timeout: ${2 * witnessTimeoutMs}`,
          '    net {',
          `      host: ${witness.host}`,
          `      algorithm: ${witness.algorithm}`,
          '      tls: off',
          '    }',
          '  }',
        ]
      : []),
    '}',
    'logging {',
    '  to_stderr: no',
    '  to_logfile: no',
    '  to_syslog: yes',
    '}',
  ];
  return `${lines.join('\n')}\n`;
}
