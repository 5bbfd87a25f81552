/** Version of Gemel: core and built-in plugins are released together. The same as in package.json, which a test watches over. */
export const gemelVersion = '0.1.0';
