import { ScriptedCommands } from '@gemel/core/testing';
import { SystemCommandRunner } from '#core/system/command-runner.js';
import test from 'ava';
import { commandsContract } from './commands-contract.js';

function scripted(): ScriptedCommands {
  return new ScriptedCommands()
    .always(['echo', 'a  b'], 'a  b\n')
    .always(['false'], { exitCode: 1 })
    .always(['printf', '%s', /[^]*/], ([, , text = '']) => text)
    .missing('no-such-program');
}

for (const { title, run } of commandsContract) {
  test(`scripted: ${title}`, async (t) => {
    await t.notThrowsAsync(run(scripted()));
  });
  test(`real: ${title}`, async (t) => {
    await t.notThrowsAsync(run(new SystemCommandRunner()));
  });
}
