// The layers of docs/architecture.md: imports flow one way. It reads the compiled output, which holds every import that runs;
// type-only imports are gone there, and the tool cannot read TypeScript 7 yet.
const path = (expression) => ({ path: expression });
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'sdk-stands-alone',
      severity: 'error',
      from: path('^core/dist/sdk/'),
      to: { path: '^core/dist/', pathNot: '^core/dist/sdk/' },
    },
    {
      name: 'only-the-composition-root-touches-the-host',
      comment: 'kernel/compose builds the host and hands out interfaces; the entry points only choose which.',
      severity: 'error',
      from: { path: '^(core|plugins)/', pathNot: '^core/dist/(system|kernel/compose|bin|testing)' },
      to: path('^core/dist/system/'),
    },
    {
      name: 'surfaces-see-sdk-and-ipc-only',
      severity: 'error',
      from: path('^core/dist/cli/'),
      to: { path: '^core/dist/', pathNot: '^core/dist/(cli|sdk|ipc)/' },
    },
    {
      name: 'plugins-see-the-sdk-and-contracts',
      severity: 'error',
      from: { path: '^plugins/([^/]+)/', pathNot: '^plugins/[^/]+/dist/process/' },
      to: { path: '^(core|plugins)/', pathNot: ['^core/dist/sdk/', '^plugins/$1/', '^plugins/[^/]+/dist/contract'] },
    },
    {
      name: 'processes-of-plugins-talk-to-core-through-its-client',
      severity: 'error',
      from: path('^plugins/([^/]+)/dist/process/'),
      to: { path: '^(core|plugins)/', pathNot: ['^core/dist/sdk/', '^core/dist/ipc/client\\.', '^plugins/$1/'] },
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
      from: { path: '^(core|plugins)/[^.]*dist/', pathNot: '(/system/|^core/dist/(cli|bin|ipc)/|^core/dist/testing/)' },
      to: path('^(node:)?(child_process|fs|fs/promises|net|dgram|tls|http|https)$'),
    },
    {
      name: 'node-ipc-behind-the-channel',
      severity: 'error',
      from: { pathNot: '^core/dist/ipc/' },
      to: path('node_modules/node-ipc'),
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '\\.d\\.ts$' },
    includeOnly:
      '^(core|plugins/[^/]+)/dist/|^(node:)?(child_process|fs|fs/promises|net|dgram|tls|http|https)$|node_modules/node-ipc',

    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'default'],
      extensions: ['.js'],
    },
  },
};
