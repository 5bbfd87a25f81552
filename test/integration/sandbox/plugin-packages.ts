/** A third-party package as its author would write it: a manifest and one module. */
export function pluginPackage(
  id: string,
  code: string,
  manifest: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, string>> {
  const gemel = { id, title: `Plugin ${id}`, core: '^0.1.0', entry: './plugin.js', ...manifest };
  return { 'package.json': JSON.stringify({ version: '1.0.0', type: 'module', gemel }), 'plugin.js': code };
}

const imports = `import { defineAction, defineEvent, definePlugin, defineReports, defineStatus } from '@gemel/core/sdk';
import { z } from 'zod';
`;

/** One whose `activate(context)` has this body. */
export function activating(id: string, body: string, manifest: Readonly<Record<string, unknown>> = {}) {
  return pluginPackage(
    id,
    `${imports}export default definePlugin({ id: '${id}', async activate(context) {\n${body}\n} });\n`,
    manifest,
  );
}

/** One with a section of one setting `mode`; where the mode is `throw` or `hang`, the named step does so. */
export function failingSection(id: string, step: 'verify' | 'render' | 'plan' | 'apply' | 'probe' | 'readFacts') {
  const body = `
  const trouble = (mode) => {
    if (mode === 'throw') throw new Error('${step} slipped');
    return mode === 'hang' ? new Promise(() => {}) : undefined;
  };
  let confirmedMode = () => 'fine';
  context.settings.add({
    id: '${id}', title: '${id}', scope: 'node', version: 1,
    schema: z.strictObject({ mode: z.enum(['fine', 'throw', 'hang']).describe('What happens.') }),
    defaults: () => ({ mode: 'fine' }),
    async readFacts() {},
    verify({ settings }) { ${step === 'verify' ? 'trouble(settings.mode);' : ''} return []; },
    render({ settings }) {
      ${step === 'render' ? 'trouble(settings.mode);' : ''}
      return { files: [{ path: '/run/gemel/${id}/mode', content: settings.mode + '\\n' }], properties: [] };
    },
    plan({ settings }) { ${step === 'plan' ? 'trouble(settings.mode);' : ''} return { units: [], interruptions: [] }; },
    async apply({ settings }) { ${step === 'apply' ? 'await trouble(settings.mode);' : ''} },
    async probe({ settings }) { ${step === 'probe' ? 'await trouble(settings.mode);' : ''} return []; },
  });`;
  return activating(id, body, { sections: [id], grants: { files: [`/run/gemel/${id}`] } });
}
