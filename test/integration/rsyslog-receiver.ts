/** Two real rsyslogs on node b: RELP on 2514; TLS on 6514, and on 6515 and 6516 with certificates that are not to be trusted. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun } from '../../firmware/run-command.ts';
import type { LoggingLab } from './logging-lab.ts';

/** On both nodes: certificates; on b what was received, as `relp` and `tls`. */
export const home = '/root/logs-receiver';

/** `logs` is right, `expired` is over, `stranger` is of another authority. */
async function makeCertificates(lab: LoggingLab): Promise<void> {
  const script = `set -e
authority() { openssl req -x509 -newkey rsa:2048 -nodes -keyout $1.key -out $1.pem -days 30 -subj "/CN=$1"; }
sign() { openssl req -new -newkey rsa:2048 -nodes -keyout $1.key -out $1.csr -subj /CN=$2 -addext subjectAltName=DNS:$2
  openssl x509 -req -in $1.csr -CA $3.pem -CAkey $3.key -CAcreateserial -copy_extensions copy -out $1.pem $4; }
authority ca; authority other
sign logs logs.example.org ca "-days 30"; sign device device.example.org ca "-days 30"
sign stranger logs.example.org other "-days 30"; sign expired logs.example.org ca "-days -1"
chmod 644 *.key`;
  await mustRun(['sh', '-c', script], { workingFolder: lab.folder });
}

export async function startRsyslog(lab: LoggingLab): Promise<void> {
  await makeCertificates(lab);
  const tls = (port: number, name: string) => `input(type="imtcp" port="${port}" ruleset="tls" streamDriver.name="ossl"
  streamDriver.mode="1" streamDriver.authMode="anon" streamDriver.caFile="${home}/ca.pem"
  streamDriver.certFile="${home}/${name}.pem" streamDriver.keyFile="${home}/${name}.key")`;
  const kept = (name: string) => `global(workDirectory="${home}" maxMessageSize="128k")
template(name="raw" type="string" string="%rawmsg%\\n")
ruleset(name="${name}") { action(type="omfile" file="${home}/${name}" template="raw") }
`;
  const relp = `${kept('relp')}module(load="imrelp")
input(type="imrelp" port="2514" ruleset="relp" maxDataSize="256k")
`;
  const inputs = [tls(6514, 'logs'), tls(6515, 'expired'), tls(6516, 'stranger')];
  await writeFile(join(lab.folder, 'relp.conf'), relp);
  await writeFile(join(lab.folder, 'tls.conf'), `${kept('tls')}module(load="imtcp")\n${inputs.join('\n')}\n`);
  for (const node of lab.lab.nodes) await node.push(lab.folder, home);
  // rsyslog names the host and not the port of those it does not trust
  await lab.sh('b', 'ip address add 10.77.0.13/24 dev enp0s4 && ip address add 10.77.0.14/24 dev enp0s4');
  for (const name of ['relp', 'tls'])
    await lab.sh(
      'b',
      `systemd-run --quiet --unit=receiver-${name} -p StartLimitIntervalSec=0 rsyslogd -n -iNONE -f ${home}/${name}.conf`,
    );
}

/** The one for RELP. */
export async function restartRsyslog(lab: LoggingLab, times: number, everyMs = 1_000): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    await new Promise((resolve) => setTimeout(resolve, everyMs));
    await lab.sh('b', 'systemctl restart receiver-relp');
  }
}
