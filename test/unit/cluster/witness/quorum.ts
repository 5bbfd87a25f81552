/**
 * What `corosync-quorumtool -s` prints of a pair with a witness, as corosync-quorumtool.c of Corosync 3.1 does.
 * @param first of node 1, what the column Qdevice says: `A,V,NMW` for one that has the vote. @param total votes, 3 with the witness's.
 */
export function quorum(first: string, second: string, total: number): string {
  return `Quorum information
------------------
Date:             Mon Nov 30 14:00:00 2026
Quorum provider:  corosync_votequorum
Nodes:            2
Node ID:          1
Ring ID:          1.c
Quorate:          Yes

Votequorum information
----------------------
Expected votes:   3
Highest expected: 3
Total votes:      ${total}
Quorum:           2  
Flags:            Quorate Qdevice 

Membership information
----------------------
    Nodeid      Votes    Qdevice Name
         1          1 ${first.padStart(10)} node1 (local)
         2          1 ${second.padStart(10)} node2
         0          ${total - 2}            Qdevice${total === 2 ? ' (votes 1)' : ''}
`;
}
