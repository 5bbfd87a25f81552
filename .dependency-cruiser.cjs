// The layers of docs/architecture.md. Imports flow one way.
const path = (expression) => ({ path: expression });
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    { name: 'sdk-stands-alone', severity: 'error', from: path('^core/src/sdk/'), to: { path: '^core/src/', pathNot: '^core/src/sdk/' } },
    {
      name: 'only-the-composition-root-touches-the-host',
      comment: 'kernel/compose builds the host and hands out interfaces; the entry points only choose which.',
      severity: 'error',
      from: { path: '^(core|plugins)/', pathNot: '^core/src/(system|kernel/compose|bin|testing)' },
      to: path('^core/src/system/'),
    },
    {
      name: 'surfaces-see-sdk-and-ipc-only',
      severity: 'error',
      from: path('^core/src/cli/'),
      to: { path: '^core/src/', pathNot: '^core/src/(cli|sdk|ipc)/' },
    },
    {
      name: 'plugins-see-the-sdk-and-contracts',
      severity: 'error',
      from: path('^plugins/([^/]+)/'),
      to: { path: '^(core|plugins)/', pathNot: ['^core/(src|dist)/sdk/', '^plugins/$1/', '^plugins/[^/]+/(src|dist)/contract'] },
    },
    {
      name: 'core-knows-no-plugin',
      severity: 'error',
      from: path('^core/'),
      to: path('^plugins/'),
    },
    {
      name: 'host-modules-in-system-folders-only',
      severity: 'error',
      from: { path: '^(core|plugins)/[^.]*src/', pathNot: '(/system/|^core/src/(cli|bin|ipc)/|^core/src/testing/)' },
      to: path('^(node:)?(child_process|fs|fs/promises|net|dgram|http|https)$'),
    },
    { name: 'node-ipc-behind-the-channel', severity: 'error', from: { pathNot: '^core/src/ipc/' }, to: path('node_modules/node-ipc') },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, path: '^(core|plugins/[^/]+)/src/', pathNot: '(/bin/|contract\\.ts$|plugin\\.ts$|index\\.ts$)' }, to: {} },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(/dist/|\\.d\\.ts$)' },
    includeOnly: '^(core|plugins/[^/]+)/src/|^(node:)?(child_process|fs|fs/promises|net|dgram|http|https)$|node_modules/node-ipc',
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'], extensions: ['.ts', '.js'], extensionAlias: { '.js': ['.ts', '.js'] } },
  },
};
