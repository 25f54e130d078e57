const kStoreTimeoutMs = 5000;

/** Gives up on a store that does not answer. */
export function withinTime<T>(promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = new Error('the store did not answer');
    const timer = setTimeout(() => reject(late), kStoreTimeoutMs);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
