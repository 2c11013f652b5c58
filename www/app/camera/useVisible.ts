import { useEffect, useState } from "preact/hooks";

const isVisible = () => document.visibilityState === "visible";

/** Whether the page's tab is in view. */
export function useVisible(): boolean {
  const [visible, setVisible] = useState(isVisible);
  useEffect(() => {
    const change = () => setVisible(isVisible());
    document.addEventListener("visibilitychange", change);
    return () => document.removeEventListener("visibilitychange", change);
  }, []);
  return visible;
}
