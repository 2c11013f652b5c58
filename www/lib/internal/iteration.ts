/**
 * Ends a source's iteration, which is not needed any further. It is not waited for, since it may stand behind an image that never
 * comes, and its failure changes nothing for what has been done already.
 */
export function endIteration(source: Iterator<unknown> | AsyncIterator<unknown>): void {
  const end = async () => source.return?.();
  end().catch(() => {});
}
