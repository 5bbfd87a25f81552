/** What processes of plugins (gateway, console, connection to the other node) talk to core with. Exported as "@gemel/core/client". */
export { CoreClient, type CoreClientOptions, type RequestOptions } from './core-client.js';
