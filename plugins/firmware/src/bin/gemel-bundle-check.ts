import { checkPayload } from '../system/payload-check.js';

/** `gemel-bundle-check FILE ROOT-HASH SALT TREE-BYTES`: in a process of its own, since hashing keeps a processor busy for seconds. */
const [file = '', rootHash = '', salt = '', treeBytes = ''] = process.argv.slice(2);
const problem = await checkPayload(file, { rootHash, salt, treeBytes: Number(treeBytes) });
process.stdout.write(problem ?? '');
process.exit(problem === undefined ? 0 : 1);
