/** How long something may take, and what is said otherwise. */
export interface Clock {
  milliseconds: number;
  /** Begins small and ends without a full stop, to be put into a sentence. */
  otherwise: string;
}

/** Does `work`; fails where it takes longer than it may. The work itself goes on. */
export async function within<T>(
  { milliseconds, otherwise }: Clock,
  work: () => Promise<T>,
): Promise<T> {
  let clock: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    clock = setTimeout(() => reject(new Error(otherwise)), milliseconds);
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(clock);
  }
}
