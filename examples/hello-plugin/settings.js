import { deviceSettings } from '@gemel/plugin-device/contract';
import { z } from 'zod';
import { helloSettings } from './contract.js';
import { helloReports } from './reports.js';

export const greetingFile = '/run/gemel/hello/greeting.txt';

const hostPlace = '{host}';

const schema = z.strictObject({
  enabled: z.boolean().default(false).describe('Show the greeting.'),
  greeting: z
    .string()
    .min(1)
    .max(200)
    .regex(/^[^\n\r]*$/, 'must be one line')
    .default('Welcome to {host}.')
    .describe('One line; {host} becomes the host name.')
    .meta({ examples: ['Welcome to {host}.'] }),
});

/** @typedef {z.output<typeof schema>} HelloSettings */
/**
 * The section `hello`: verify, render and plan are pure; apply and probe touch the device.
 *
 * @param {import('@gemel/core/sdk').FileStore} files
 * @returns {import('@gemel/core/sdk').Section<HelloSettings, undefined>}
 */
export function helloSection(files) {
  return {
    ...helloSettings,
    title: 'Greeting',
    scope: 'node',
    version: 1,
    schema,
    defaults: () => schema.parse({}),

    // What verify and render must know of the live system is read here, since they are pure. A greeting needs nothing.
    async readFacts() {},

    verify({ settings: { greeting } }) {
      const reports = [];
      for (const [place] of greeting.matchAll(/\{[^}]*\}/g)) {
        if (place === hostPlace) continue;
        const params = { place, known: hostPlace };
        reports.push(helloReports.report('hello.greeting.unknown-place', params, 'hello/greeting'));
      }
      if (greeting.length > 80) {
        reports.push(helloReports.report('hello.greeting.long', { length: greeting.length }, 'hello/greeting'));
      }
      return reports;
    },

    render({ settings: { enabled, greeting }, document }) {
      // A file that is no longer named here is removed by core.
      if (!enabled) return { files: [], properties: [] };
      // Undefined while the plugin device is disabled. When the host name changes, core renders this section anew, too.
      const hostName = document.section(deviceSettings)?.hostName ?? 'this device';
      const content = `${greeting.replaceAll(hostPlace, hostName)}\n`;
      return { files: [{ path: greetingFile, content }], properties: [] };
    },

    plan({ changes }) {
      if (changes.length === 0) return { units: [], interruptions: [] };
      const text = 'The greeting changes. Nothing is interrupted.';
      return { units: [], interruptions: [{ subject: 'greeting', kind: 'none', expectedMs: 0, text }] };
    },

    // The file is in place when apply is called. A plugin with an engine tells it here: reload a unit, call D-Bus.
    async apply() {},

    // An error report brings the old settings back at once.
    async probe({ rendering }) {
      for (const { path, content } of rendering.files) {
        if ((await files.read(path)) !== content) {
          return [helloReports.report('hello.file.not-written', { file: path }, 'hello')];
        }
      }
      return [];
    },
  };
}
