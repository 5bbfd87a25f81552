/** Addresses and time from real servers: dnsmasq on the operators' network, chronyd with NTS on the other node. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Lab } from '../lab/lab.ts';
import { Checks } from './checks.ts';

const server = 'nts.example.org';
const leases = '/run/gemel-lab-leases';

const checks = new Checks();
await using lab = await Lab.up({ nodes: 2, kind: 'container', name: 'servers' });
const [node, other] = [lab.node('a'), lab.node('b')];
const on = (where: typeof node, line: string) => where.must(['sh', '-ec', line], { timeoutSeconds: 120 });

/** Of `status show network.links` and of `time show`. */
interface Shown {
  readonly value?: { readonly links: readonly { readonly name: string; readonly addresses: readonly string[] }[] };
  readonly servers?: readonly { readonly name: string; readonly nts: string; readonly state: string }[];
}

/** Waits for what Gemel shows; the last thing that it showed is part of the failure. */
async function shows(words: string, isIt: (shown: Shown) => boolean, seconds = 30): Promise<void> {
  const end = Date.now() + seconds * 1_000;
  for (;;) {
    const text = await on(node, `gemel ${words} --json`);
    if (isIt(JSON.parse(text) as Shown)) return; // as the action's output schema says
    if (Date.now() > end) throw new Error(`gemel ${words} after ${seconds} s: ${text}`);
    await sleep(250);
  }
}

async function activate(change: string): Promise<void> {
  await on(node, `${change}; gemel settings activate; gemel settings confirm || true`);
}

const hasAddresses = (...patterns: readonly RegExp[]) =>
  shows('status show network.links', ({ value }) => {
    const addresses = value?.links.find(({ name }) => name === 'enp0s4')?.addresses ?? [];
    return patterns.every((pattern) => addresses.some((address) => pattern.test(address)));
  });

await lab.client.exec([
  'dnsmasq',
  '--conf-file=/dev/null',
  '--port=0',
  '--interface=external',
  '--bind-interfaces',
  '--dhcp-range=10.77.0.150,10.77.0.159,255.255.255.0,5m',
  '--dhcp-option=option:router,10.77.0.1',
  '--dhcp-range=fd77::150,fd77::159,slaac,64,5m',
  '--enable-ra',
  `--dhcp-leasefile=${leases}`,
  '--pid-file=',
]);

await checks.check('addresses of both families and the gateway come from a DHCP server', async () => {
  await activate('gemel network simple set --ipv4 dhcp --ipv6 dhcp');
  await hasAddresses(/^10\.77\.0\.15\d\/24$/, /^fd77::15\d\/128$/);
  assert.match(await on(node, 'ip route show default'), /^default via 10\.77\.0\.1 dev enp0s4 proto dhcp/);
});

await checks.check('an address comes from router advertisements, and none from the DHCPv6 server', async () => {
  await activate('gemel network simple set --ipv4 static --address 10.77.0.11/24 --gateway 10.77.0.1 --ipv6 slaac');
  await hasAddresses(/^10\.77\.0\.11\/24$/, /^fd77::5054:ff:fe77:100\/64$/);
  assert.doesNotMatch(await on(node, 'ip -o address show enp0s4'), /10\.77\.0\.15|fd77::15/);
});

await checks.check('a time server whose certificate nobody vouches for is not followed', async () => {
  await on(
    other,
    'gemel network simple set --address 10.77.0.12/24; gemel settings activate; gemel settings confirm || true',
  );
  await on(
    other,
    `mkdir /tmp/nts; cd /tmp/nts; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \\
       -keyout key.pem -out cert.pem -subj /CN=${server} -addext subjectAltName=DNS:${server}
     printf '%s\\n' 'local stratum 8' allow 'ntsserverkey /tmp/nts/key.pem' 'ntsservercert /tmp/nts/cert.pem' 'ntsdumpdir /tmp/nts' \\
       'cmdport 0' 'bindcmdaddress /' 'pidfile /tmp/nts/pid' > conf
     systemctl stop chrony
     systemd-run -q -u nts-server chronyd -x -d -u root -f /tmp/nts/conf`,
  );
  await on(node, `echo 10.77.0.12 ${server} >> /etc/hosts`);
  await activate(`gemel time server add ${server} --nts`);
  await shows('time show', ({ servers = [] }) => servers.some(({ name, nts }) => name === server && nts === 'failed'));
});

await checks.check('one whose certificate is trusted is followed, and authenticated by NTS', async () => {
  const certificate = await on(other, 'cat /tmp/nts/cert.pem');
  await node.must(['sh', '-ec', 'cat > /usr/local/share/ca-certificates/nts.crt; update-ca-certificates'], {
    input: certificate,
  });
  await on(node, 'systemctl restart chrony');
  await shows('time show', ({ servers = [] }) =>
    servers.some(({ name, nts, state }) => name === server && nts === 'established' && state === 'selected'),
  );
});

checks.finish();
