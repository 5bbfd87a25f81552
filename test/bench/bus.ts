/** The typed bus beside bare eventemitter3: ten listeners, the cost of one delivery. */
import { EventEmitter } from 'eventemitter3';
import { EventBus } from '../../core/dist/bus/event-bus.js';
import { type Figure, median } from './figure.ts';

const listeners = 10;
const events = 200_000;
const rounds = 9;

export async function run(): Promise<readonly Figure[]> {
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  const clock = { now: () => Date.now(), monotonic: () => performance.now() };
  // the bus only asks the clock for the time
  const bus = new EventBus(clock as ConstructorParameters<typeof EventBus>[0], silent);
  const tick = { id: 'bench.tick', summary: '', schema: undefined as never };
  const bare = new EventEmitter<string>();
  let sum = 0;
  for (let n = 0; n < listeners; n++) {
    bus.on<{ n: number }>('bench', tick, (payload) => {
      sum += payload.n;
    });
    bare.on('bench.tick', (payload: { n: number }) => {
      sum += payload.n;
    });
  }
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    ours.push(perDelivery(() => bus.publish('bench', tick, { n: 1 })));
    theirs.push(perDelivery(() => bare.emit('bench.tick', { n: 1 })));
  }
  if (sum !== 2 * rounds * events * listeners) throw new Error('deliveries were lost');
  return [
    {
      name: 'bus: one delivery with ten listeners',
      unit: 'ns',
      figure: median(ours),
      peer: { name: 'bare eventemitter3', figure: median(theirs) },
      limit: { kind: 'at most', value: 2 },
    },
  ];
}

function perDelivery(publish: () => void): number {
  const began = performance.now();
  for (let n = 0; n < events; n++) publish();
  return ((performance.now() - began) * 1e6) / (events * listeners);
}
