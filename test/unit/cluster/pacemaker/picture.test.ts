import { ApplianceError } from '@gemel/core/sdk';
import { readPicture } from '#cluster/pacemaker/picture.js';
import { readWish } from '#cluster/pacemaker/wishes.js';
import { descendants, parseXml } from '#cluster/pacemaker/xml.js';
import test from 'ava';
import { golden } from '../golden.js';

const picture = async (name: string) => readPicture(await parseXml(golden(`crm-mon-${name}.xml`)));

test('reads nodes, their attributes and who coordinates', async (t) => {
  const { coordinator, quorum, fencingEnabled, nodes, attributes } = await picture('pair');
  t.deepEqual([coordinator, quorum, fencingEnabled], ['node1', true, false]);
  t.deepEqual(
    nodes.map(({ name, online, standby }) => [name, online, standby]),
    [
      ['node1', true, false],
      ['node2', true, false],
    ],
  );
  t.is(attributes['node2']?.['external'], '1000');
});

test('reads each instance of a clone with its role and place', async (t) => {
  const { resources } = await picture('pair');
  const clone = resources.filter(({ parent }) => parent === 'drbd-data-clone');
  t.deepEqual(
    clone.map(({ id, role, nodes }) => [id, role, nodes]),
    [
      ['drbd-data', 'Promoted', ['node1']],
      ['drbd-data', 'Unpromoted', ['node2']],
    ],
  );
  t.is(resources.find(({ id }) => id === 'lamp')?.targetRole, 'Stopped');
});

test('reads what failed, where and why', async (t) => {
  const { failures } = await picture('failed');
  t.deepEqual(
    failures.map(({ resource, node, operation, reason }) => [resource, node, operation, reason]),
    [['site-shop', 'node1', 'asyncmon', 'Simulated failure']],
  );
});

test('reads where somebody wants a resource, with and without a lifetime', async (t) => {
  const wish = async (xml: string) => readWish(await parseXml(xml));
  t.deepEqual(
    await wish('<rsc_location id="cli-prefer-lamp" rsc="lamp" role="Started" node="node2" score="INFINITY"/>'),
    [{ resource: 'lamp', node: 'node2', kind: 'there' }],
  );
  t.deepEqual(await wish('<rsc_location id="cli-ban-lamp-on-node1" rsc="lamp" node="node1" score="-INFINITY"/>'), [
    { resource: 'lamp', node: 'node1', kind: 'not-there' },
  ]);
  const limited = `<rsc_location id="cli-prefer-data" rsc="data"><rule id="r" score="INFINITY" boolean-op="and">
<expression id="e" attribute="#uname" operation="eq" value="node2" type="string"/>
<date_expression id="d" operation="lt" end="2026-11-22 00:39:37Z"/></rule></rsc_location>`;
  t.deepEqual(await wish(limited), [{ resource: 'data', node: 'node2', kind: 'there' }]);
});

test('tells standby from absence', async (t) => {
  const standby = (await picture('standby')).nodes.map(({ online, standby: is }) => [online, is]);
  t.deepEqual(standby, [
    [true, true],
    [true, false],
  ]);
  t.deepEqual(
    (await picture('lost')).nodes.map(({ online }) => online),
    [false, true],
  );
});

test('keeps line breaks of attributes', async (t) => {
  const root = await parseXml('<a><b value="one&#10;two"/></a>');
  t.deepEqual(
    descendants(root, 'b').map(({ attributes }) => attributes),
    [{ value: 'one\ntwo' }],
  );
});

test('refuses what is cut off', async (t) => {
  const whole = golden('crm-mon-pair.xml');
  const failure = await t.throwsAsync(parseXml(whole.slice(0, whole.length / 2)), { instanceOf: ApplianceError });
  t.is(failure.code, 'engine-failed');
});
