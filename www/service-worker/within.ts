/**
 * The result of `work`, or `instead` where it fails or takes longer than `limit` milliseconds. The work itself goes on.
 */
export function within<T, U>(limit: number, work: Promise<T>, instead: U): Promise<T | U> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, limit, instead);
    const settle = (result: T | U) => {
      clearTimeout(timer);
      resolve(result);
    };
    work.then(settle, () => settle(instead));
  });
}
