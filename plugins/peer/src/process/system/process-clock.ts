import { ApplianceError, type Clock, toDisposable } from '@gemel/core/sdk';

/** Time of a process that is not core. */
export const processClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, fire) {
    const timer = setTimeout(fire, ms);
    return toDisposable(() => clearTimeout(timer));
  },
  every(ms, fire) {
    const timer = setInterval(fire, ms);
    return toDisposable(() => clearInterval(timer));
  },
  async sleep(ms, signal) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    const cancel = () => reject(new ApplianceError('cancelled', 'The wait was cancelled.'));
    signal?.addEventListener('abort', cancel, { once: true });
    if (signal?.aborted === true) cancel();
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
    }
  },
};
