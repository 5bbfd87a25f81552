import { type AnyAction, ApplianceError, type CommandRunner, defineAction, type View } from '@gemel/core/sdk';
import { z } from 'zod';
import { type Ipmitool, mustAnswer } from '../system/ipmitool.js';

/** What every controller takes (IPMI 2.0, 28.5: a byte). */
const longestSeconds = 255;

const output = z.object({ blinks: z.string().describe('What blinks now, or not any more.') });

/** `gemel hardware locate …`: the light by which somebody in front of the rack finds the device, or one of its disks. */
export function locateActions(ipmitool: Ipmitool, commands: CommandRunner): readonly AnyAction[] {
  const present = ({ blinks }: z.output<typeof output>): View => ({ kind: 'text', text: blinks, tone: 'ok' });
  return [
    defineAction({
      kind: 'call',
      id: 'hardware.locate.device',
      summary: 'Let the light of the device blink, so that it is found in its rack.',
      role: 'operator',
      input: z.strictObject({
        seconds: z.int().min(0).max(longestSeconds).default(60).describe('How long; 0 ends it.'),
      }),
      output,
      present,
      async run({ seconds }, { signal }) {
        mustAnswer(await ipmitool.run([`chassis identify ${seconds}`], signal));
        return {
          blinks:
            seconds === 0 ? 'The light of the device is off.' : `The light of the device blinks for ${seconds} s.`,
        };
      },
    }),
    defineAction({
      kind: 'call',
      id: 'hardware.locate.disk',
      summary: 'Let the light of a disk blink, so that the right one is pulled out.',
      role: 'operator',
      input: z.strictObject({
        disk: z
          .string()
          .regex(/^[a-z][a-z0-9]{1,30}$/, 'must be the name of a disk')
          .describe('Name of the disk.')
          .meta({ examples: ['sdb'] }),
        off: z.boolean().default(false).describe('End it.'),
      }),
      output,
      positionals: ['disk'],
      present,
      async run({ disk, off }) {
        const { exitCode, stdout, stderr } = await commands.run([
          'ledctl',
          `${off ? 'locate_off' : 'locate'}=/dev/${disk}`,
        ]);
        if (exitCode === 0) return { blinks: `The light of ${disk} ${off ? 'is off' : 'blinks'}.` };
        const said = `${stderr}${stdout}`.trim().split('\n', 1)[0] ?? '';
        throw new ApplianceError(
          'unavailable',
          `The bay of ${disk} has no light that can be switched (${said}). Find the disk by its serial number: gemel hardware disks list`,
        );
      },
    }),
  ];
}
