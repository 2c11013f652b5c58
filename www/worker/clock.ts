/** A time limit. */
export interface Clock {
  milliseconds: number;
  /** The error's message, as a part of a sentence. */
  otherwise: string;
}

/** Runs `work` and throws if it takes too long. The work itself is not stopped. */
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
