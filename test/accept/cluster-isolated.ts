/**
 * Every cable of the active node is cut until the other one carries everything, in two VMs without fencing: what the isolated node had not
 * been acknowledged becomes no data of its own, so that the nodes are one pair again by themselves.
 */
import { ClientProcess } from '../soak/client-process.ts';
import { addSite, createPair, siteJournal, sitePort } from '../soak/gemel-pair.ts';
import { faultsInJournal } from '../soak/ledger.ts';
import { Observer } from '../soak/observer.ts';
import { clusterIp, otherOf, PairInLab, until } from '../soak/pair-in-lab.ts';
import { check } from './appliance-in-lab.ts';
import { textOption } from './random.ts';

await using pair = await PairInLab.up(textOption('lab', 'accept-isolated'), 'vm');
console.log(`the pair was made in ${(await createPair(pair)).toFixed(1)} s`);
await addSite(pair);
await using client = new ClientProcess(pair.lab, 'write', clusterIp, sitePort, '/write/');
await using observer = new Observer(pair);
await writesGoOn();

const active = await pair.active();
await Promise.all([pair.lab.cut('external', { node: active }), pair.lab.cut('sync')]);
const takenOver = async () => (await pair.holders()).join() === otherOf(active);
await until('the other node to be active', 300, takenOver, 2_000);
await writesGoOn();
check(true, 'the other node carries everything');
console.log(
  await pair.sh(
    active,
    'journalctl -b -k -o short-precise --no-pager | grep -E "drbd gemel.*(susp|disk\\(|UUID|role|fence)|EXT4" | tail -25',
  ),
);
await Promise.all([pair.lab.heal('external'), pair.lab.heal('sync')]);
const seconds = await pair.redundant(200).catch(async (failure: unknown) => {
  console.log(
    await pair.sh(
      active,
      'gemel cluster status; crm_mon -1f; cat /proc/drbd; journalctl -b -o short-precise --no-pager | tail -150',
    ),
  );
  throw failure;
});
check(true, `redundant ${seconds.toFixed(0)} s after the cables were back`);
// What is acknowledged later may not be in the copy that is read.
const acknowledged = [...client.answers];
const wrong = faultsInJournal(await pair.sh(await pair.active(), `cat ${siteJournal}`), acknowledged);
check(wrong.length === 0, `no acknowledged write is lost: ${wrong.join('; ') || `${acknowledged.length} are there`}`);
check(
  observer.violations.length === 0,
  `never two holders or two writers: ${observer.violations.join('; ') || 'none'}`,
);

async function writesGoOn(): Promise<void> {
  const before = client.answers.length;
  await until('writes to be answered', 300, async () => client.answers.length > before + 20, 500);
}
