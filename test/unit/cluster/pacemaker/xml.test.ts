import { parseXml, xmlOf } from '#cluster/pacemaker/xml.js';
import test from 'ava';

test('an element that was read is written so that it reads the same, line ends and marks in its attributes included', async (t) => {
  const element = await parseXml(
    '<nvpair id="a" value="one&#10;two&#9;&lt;&gt;&amp;&quot;&apos;"><part b="1"/>\n<part b="2"/></nvpair>',
  );
  t.is(element.attributes['value'], 'one\ntwo\t<>&"\'');
  const again = await parseXml(xmlOf(element));
  t.deepEqual([again.attributes, again.children], [element.attributes, element.children]);
});
