import { z } from 'zod';
import { cpuPercent, login, memoryMiB, sitePort } from '../site/site-record.js';
import { siteName } from '../site/site-name.js';
import { siteType, siteVersion } from '../version/version-names.js';

/** Fields that several actions take, with the words that people read. */
export const fields = {
  name: siteName.describe('Name of the site: letters, digits, "-" and "_", at most 16, starting with a letter or "_".'),
  type: siteType.describe('Type of the site. See: gemel site version list.'),
  version: siteVersion.describe('Version of the site type.'),
  port: sitePort.describe('TCP port; a free one from 8001 on is chosen when it is not given.'),
  memoryMiB: memoryMiB.describe('Memory that it may use at most, MiB.'),
  cpuPercent: cpuPercent.describe('Processor time that it may use at most, percent of one processor.'),
  login: login.describe('Name with which the administrator of the site signs in.'),
  password: z
    .string()
    .min(8)
    .max(72)
    .regex(/^[^\p{Cc}]*$/u, 'must be one line')
    .describe('Password of the administrator of the site: 8 to 72 characters.')
    .meta({ secret: true, repeat: true, examples: ['correct horse battery'] }),
} as const;

export const siteOutput = z.object({ site: z.string().describe('Name of the site.') });
