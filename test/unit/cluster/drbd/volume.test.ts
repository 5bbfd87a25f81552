import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { libexec, ScriptFolder } from '../../script-folder.js';

/** `gemel-cluster-volume` where DRBD says `state` of the volume, or is down; attached anew it says `attached`. */
async function volume(t: ExecutionContext, what: string, state: string | undefined, attached = state) {
  const folder = new ScriptFolder(t);
  folder.put('state', state ?? 'down');
  folder.program(
    'drbdadm',
    `echo "$*" >>"$RECORD"
case $1 in
  role) grep -qv down "$FOLDER/state" ;;
  up | attach) echo '${attached}' >"$FOLDER/state" ;;
  primary) echo UpToDate/DUnknown >"$FOLDER/state" ;;
  dstate) cat "$FOLDER/state" ;;
esac`,
  );
  const { code, stdout } = await folder.run(join(libexec, 'gemel-cluster-volume'), [what], folder.environment());
  const done = folder.record.filter((line) => !/^(role|dstate) /.test(line)).map((line) => line.replace(' gemel', ''));
  return { code, stdout, done };
}

test('data of which DRBD does not know whether they are the newest are current after they are attached anew', async (t) => {
  const { code, done } = await volume(t, 'alone', 'Consistent/DUnknown', 'UpToDate/DUnknown');
  t.deepEqual([code, done], [0, ['adjust', 'detach', 'attach']]);
});

test('data that are current already stay attached', async (t) => {
  const { code, done } = await volume(t, 'alone', 'UpToDate/DUnknown');
  t.deepEqual([code, done], [0, ['adjust']]);
});

test('a volume that is down is up only while it is looked at', async (t) => {
  const { code, done } = await volume(t, 'alone', undefined, 'UpToDate/DUnknown');
  t.deepEqual([code, done], [0, ['up', 'down']]);
});

test('old data are refused, and the volume is down again', async (t) => {
  const { code, stdout, done } = await volume(t, 'alone', undefined, 'Outdated/DUnknown');
  t.deepEqual([code, stdout, done], [1, '<3>The other node has newer data than this one.\n', ['up', 'down']]);
});

test('old data that are to be gone on with become another generation', async (t) => {
  const { code, done } = await volume(t, 'old', 'Outdated/DUnknown');
  t.deepEqual([code, done], [0, ['adjust', 'primary --force', 'secondary']]);
});

test('data that are half synchronised are never gone on with', async (t) => {
  const { code, stdout, done } = await volume(t, 'old', 'Inconsistent/DUnknown');
  t.deepEqual([code, done], [1, ['adjust']]);
  t.is(stdout, '<3>The data of this node are not whole: Inconsistent/DUnknown.\n');
});

test('a volume that is down reads its changed options when it comes up', async (t) => {
  t.deepEqual((await volume(t, 'adjust', undefined)).done, []);
  t.deepEqual((await volume(t, 'adjust', 'UpToDate/UpToDate')).done, ['adjust']);
});
