import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";

/** As much of it as has to be in view to be read: what stays at the window's lower edge is not in its way. */
const MARGIN = "0px 0px -56px 0px";

/** Whether more of an element than `part` of it, from its upper edge on, lies below what is in view of the page. */
export function useBelowView(element: RefObject<HTMLElement | null>, part: number): boolean {
  const [below, setBelow] = useState(false);
  useEffect(() => {
    if (!element.current) return;
    const observer = new IntersectionObserver(
      (entries) => {
        const last = entries.at(-1);
        if (last) setBelow(last.intersectionRatio < part && last.boundingClientRect.top > 0);
      },
      { rootMargin: MARGIN, threshold: [0, part] },
    );
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element, part]);
  return below;
}
