// imported so that all of core is one file of the build; see scripts/bundle.ts
const { runCore } = await import('../kernel/compose-host.js');

await runCore();

export {};
