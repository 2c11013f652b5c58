import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { StaticHost } from "./host";

/** The title of the page's next version, if it is given none. */
export const NEXT = "the next version";

/** A page's HTML with another title. */
export const titled = (html: string, title: string) =>
  html.replace(/<title>.*<\/title>/, `<title>${title}</title>`);

/** The host has another version of the page from now on, which differs in its HTML: by `change`, or in its title. */
export function publish(
  host: StaticHost,
  change: string | ((html: string) => string) = NEXT,
): void {
  const before = readFileSync("dist/index.html", "utf8");
  const html = typeof change === "string" ? titled(before, change) : change(before);
  const sha256 = createHash("sha256").update(html).digest("base64");
  host.change("index.html", () => html);
  host.change("service-worker.js", (script) => {
    const list = /\{[^{}]*"url":"index\.html"[^{}]*\}/;
    const entry = { url: "index.html", revision: sha256, integrity: `sha256-${sha256}` };
    if (!list.test(script)) throw new Error("the service worker does not list index.html");
    return script.replace(list, () => JSON.stringify(entry));
  });
}
