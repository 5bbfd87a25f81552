/**
 * A receiver of the log for tests: `log-receiver.ts PORT FILE` keeps every byte of each connection in a file of its own, FILE.TIME-N. `log-receiver.ts PORT --deaf` takes
 * connections and reads nothing.
 */
import { createWriteStream } from 'node:fs';
import { createServer } from 'node:net';

const [port, file] = process.argv.slice(2);
const isDeaf = file === '--deaf';
let connections = 0;
const server = createServer({ pauseOnConnect: isDeaf }, (socket) => {
  socket.on('error', () => undefined); // a sender that is killed resets its connection
  connections += 1;
  if (!isDeaf) socket.pipe(createWriteStream(`${file}.${Date.now()}-${connections}`));
});
server.listen(Number(port), '10.77.0.1', () => console.log('listening'));
