import { useEffect, useState } from "preact/hooks";
import type { ResNetError } from "../../lib";
import { isOutdated, raisesDoubt } from "./check";

/**
 * Whether an error comes of a version of the page that its server has no more; null while that is not known. Until then
 * there is nothing to say of the error.
 */
export function useOutdated(error: ResNetError | null): boolean | null {
  const [known, setKnown] = useState<{ error: ResNetError; outdated: boolean } | null>(null);
  const doubtful = raisesDoubt(error) ? error : null;
  useEffect(() => {
    if (!doubtful) return;
    let current = true;
    const script = document.querySelector('script[type="module"][src]')?.getAttribute("src") ?? "";
    void isOutdated(location.href, script).then((outdated) => {
      if (current) setKnown({ error: doubtful, outdated });
    });
    return () => {
      current = false;
    };
  }, [doubtful]);
  if (!doubtful) return false;
  return known?.error === doubtful ? known.outdated : null;
}
