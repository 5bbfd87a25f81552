/**
 * A receiver of the log for tests: `log-receiver.ts PORT FILE` keeps every byte of each connection in a file of its own, FILE.TIME-N. `log-receiver.ts PORT --deaf` takes
 * connections and reads nothing. `log-receiver.ts PORT --count BURST` keeps nothing and says how many different numbers of a burst came, a hundred times a
 * second while more come.
 */
import { createWriteStream } from 'node:fs';
import { createServer, type Socket } from 'node:net';

const [port, mode, burst] = process.argv.slice(2);
let connections = 0;
const server = createServer({ pauseOnConnect: mode === '--deaf' }, (socket) => {
  socket.on('error', () => undefined); // a sender that is killed resets its connection
  connections += 1;
  if (mode === '--count') count(socket);
  else if (mode !== '--deaf') socket.pipe(createWriteStream(`${mode}.${Date.now()}-${connections}`));
});
server.listen(Number(port), '10.77.0.1', () => console.log('listening'));

/** What came, by its number: what is measured shares two processors with this. */
const came = new Uint8Array(4_000_000);
let different = 0;
if (mode === '--count') {
  let said = 0;
  setInterval(() => {
    if (different !== said) console.log(different);
    said = different;
  }, 10).unref();
}

function count(socket: Socket): void {
  const mark = `${burst} number `;
  let rest = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    rest += text;
    let end = 0;
    for (let at = rest.indexOf(mark); at !== -1; at = rest.indexOf(mark, end)) {
      const semicolon = rest.indexOf(';', at);
      if (semicolon === -1) break;
      const number = Number(rest.slice(at + mark.length, semicolon));
      if (came[number] === 0) {
        came[number] = 1;
        different += 1;
      }
      end = semicolon;
    }
    // one that is cut in two is whole with the next piece
    rest = rest.slice(Math.max(end, rest.length - 256));
  });
}
