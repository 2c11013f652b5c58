import { plain } from "./file-text";

/** A text that comes out of a file, which may run in another direction than the page's. */
export function FileText({ children }: { children: string }) {
  return <bdi>{plain(children)}</bdi>;
}
