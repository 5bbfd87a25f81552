/** A data volume that is full, and settings files that are damaged. */
import { address, type ApplianceInLab } from '../accept/appliance-in-lab.ts';
import type { Case, Check } from './cases.ts';
import { activation, type ActivationState, batch, failureOf, mustAll, network } from './guest.ts';

const secondAddress = '10.77.0.13';
const folder = '/var/lib/gemel/settings';

/** journald gives space back when it is short of it, so it takes its files and stands still. */
const fill = `systemctl stop systemd-journald.socket systemd-journald-dev-log.socket systemd-journald-audit.socket systemd-journald
for size in 1G 100M 10M 1M 100K 4K; do
  i=0; while fallocate -l $size /data/full-$size-$i 2>/dev/null; do i=$((i + 1)); done; rm -f /data/full-$size-$i
done
while dd if=/dev/zero bs=1k count=1 >> /data/full-rest 2>/dev/null; do :; done
! dd if=/dev/zero of=/data/probe bs=4k count=1 2>/dev/null; rm -f /data/probe
df /data`;
const free = 'rm -f /data/full-*; systemctl start systemd-journald';

export const volumeFull: Case = {
  title: 'the data volume is full',
  async run(appliance, check) {
    const before = await network(appliance);
    const [, filled, edited, activated, alive] = await batch(appliance, [
      `gemel network address add bond0 ${secondAddress}/24`,
      fill,
      'gemel network address add bond0 10.77.0.14/24 --json',
      'gemel settings activate --json',
      'gemel status && gemel settings verify && gemel network show',
    ]);
    if (edited === undefined || activated === undefined) throw new Error('a command of the batch is missing');
    const says = /no space is left on its volume\. Remove what is not needed there/;
    for (const [what, output] of [
      ['an edit', edited],
      ['an activation', activated],
    ] as const) {
      const { code, message } = failureOf(output);
      check(output.code === 7 && code === 'storage' && says.test(message), `${what} is refused: ${message}`);
    }
    check(alive?.code === 0, `core shows status, verification and network (${filled?.stdout.split('\n')[1]})`);
    check((await network(appliance)) === before, 'the network is as before');

    const [, kept] = await batch(appliance, [
      free,
      'gemel settings activate --json',
      fill,
      'gemel settings confirm --json',
    ]);
    check(kept?.code === 0, 'with space the same draft can be activated');
    const [link = ''] = await mustAll(appliance, [`readlink ${folder}/confirmed`]);
    const state = await activation(appliance);
    const isConfirmed = link.trim() === `revisions/${state.running}`;
    check(
      state.state === (isConfirmed ? 'confirmed' : 'awaiting-confirmation'),
      `a confirmation with a full volume is either kept or refused, as told: ${state.state}, link ${link.trim()}`,
    );
    if (!isConfirmed) await mustAll(appliance, ['gemel settings undo --json']);
    const held = await network(appliance);
    await mustAll(appliance, [free, 'systemctl restart gemel-core']);
    const after = await activation(appliance);
    check(
      after.confirmed === (isConfirmed ? state.running : state.confirmed) && (await network(appliance)) === held,
      `after a restart revision ${after.confirmed} is confirmed and in force`,
    );
    const [last] = await batch(appliance, [
      'gemel network address add bond0 10.77.0.15/24 && gemel settings activate --json && gemel settings confirm --json',
    ]);
    check(last?.code === 0, 'and everything works again');
  },
};

export const damagedFiles: Case = {
  title: 'settings files are damaged',
  async run(appliance, check) {
    // One more revision, so that there is a good one to fall back to.
    await mustAll(appliance, [
      `gemel network address add bond0 ${secondAddress}/24`,
      'gemel settings activate --json',
      'gemel settings confirm --json',
      'gemel network address add bond0 10.77.0.14/24',
    ]);
    const { confirmed: last } = await activation(appliance);
    const before = await network(appliance);
    const revision = `${folder}/revisions/${last}`;

    const beside = await restartAfter(appliance, [
      `printf '{"format":1,"state":"conf' > ${folder}/activation.json`,
      `head -c 40 /dev/urandom > ${folder}/draft.json`,
      `: > ${folder}/owned.json`,
      `echo '[]' > ${revision}/rendered.json`,
      `truncate -s 1000 ${revision}/rendered.tar`,
    ]);
    const names = ['activation.json', 'draft.json', 'owned.json', 'rendered.json'];
    check(beside.confirmed === last, `journal, draft, owned files and rendering: revision ${last} stays confirmed`);
    reportsName(check, beside, names);
    check((await network(appliance)) === before, 'and the network stays as it is');
    const [archive] = await batch(appliance, [`tar -tf ${revision}/rendered.tar`]);
    check(
      /run\/systemd\/network\/20-gemel-bond0\.network/.test(archive?.stdout ?? ''),
      'the archive for the boot is whole again',
    );

    const link = await restartAfter(appliance, [
      `echo garbage > ${revision}/meta.json`,
      `ln -sfn revisions/999 ${folder}/confirmed`,
    ]);
    check(link.confirmed === last - 1, `description and link: revision ${link.confirmed} is in force instead`);
    check(tells(link, 'settings.revision.damaged'), `it is told: ${textOf(link)}`);
    const addresses = await mustAll(appliance, ['ip -o -4 addr show bond0']);
    check(
      addresses[0]?.includes(`${address}/24`) === true && !addresses[0].includes(secondAddress),
      'the kernel has the network of that revision',
    );
    check(await appliance.answersPing(), 'and the appliance answers');

    const document = await restartAfter(appliance, [`truncate -s 200 ${folder}/revisions/${last - 1}/document.json`]);
    check(
      document.confirmed === last - 2,
      `document of revision ${last - 1}: revision ${document.confirmed} is in force`,
    );
    check(tells(document, 'settings.revision.damaged'), `it is told: ${textOf(document)}`);
    const [aside = ''] = await mustAll(appliance, [`ls ${folder} ${folder}/revisions/*`]);
    check(
      ['activation.json', 'draft.json', 'meta.json', 'document.json'].every((name) =>
        aside.includes(`${name}.damaged-`),
      ),
      'the damaged files are kept aside',
    );
  },
};

async function restartAfter(appliance: ApplianceInLab, damage: readonly string[]): Promise<ActivationState> {
  await mustAll(appliance, ['systemctl stop gemel-core', ...damage, 'systemctl start gemel-core']);
  return activation(appliance);
}

function tells({ reports }: ActivationState, code: string): boolean {
  return reports.some((report) => report.code === code);
}

function textOf({ reports }: ActivationState): string {
  return reports.map(({ text }) => text).join(' ');
}

function reportsName(check: Check, state: ActivationState, names: readonly string[]): void {
  for (const name of names) {
    const report = state.reports.find(({ text }) => text.includes(`/${name} was damaged`));
    check(report !== undefined, `it is told: ${report?.text ?? `nothing of ${name}: ${textOf(state)}`}`);
  }
}
