// imported so that all of core is one file of the build; see scripts/bundle.ts
await import('../kernel/interpreted-schemas.js');
const { runCore } = await import('../kernel/compose-host.js');

await runCore();

export {};
