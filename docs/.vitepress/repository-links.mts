import { existsSync } from "node:fs";
import path from "node:path";
import type MarkdownIt from "markdown-it";

/** Pages that include a document from the repository's top; its links are relative to there. */
const INCLUDED: Record<string, string> = {
  "project/architecture.md": "ARCHITECTURE.md",
  "project/benchmarks.md": "BENCHMARKS.md",
  "project/changelog.md": "CHANGELOG.md",
  "project/contributing.md": "CONTRIBUTING.md",
  "project/security.md": "SECURITY.md",
};
/** What stands for the account as long as the repository is not public. */
const PLACEHOLDER = "/OWNER/";
const PAGE_OF = new Map(Object.entries(INCLUDED).map(([page, document]) => [document, page]));
const ROOT = path.resolve(import.meta.dirname, "../..");

/**
 * Makes links that work on GitHub work on the site: one to a document that the site has leads to its page, one to another
 * file leads to the repository, or is plain text where its address is unknown.
 */
export function repositoryLinks(markdown: MarkdownIt, repository: string): void {
  markdown.core.ruler.push("repository-links", ({ tokens, env }) => {
    for (const { children } of tokens) {
      const open: boolean[] = [];
      for (const token of children ?? []) {
        if (token.type === "link_open") {
          const href = linkFrom(env.relativePath, String(token.attrGet("href")), repository);
          open.push(href !== undefined);
          if (href === undefined) token.hidden = true;
          else token.attrSet("href", href);
        } else if (token.type === "link_close" && open.pop() === false) {
          token.hidden = true;
        }
      }
      // Renderers of their own do not look at `hidden`.
      if (children) spliceHidden(children);
    }
  });
}

/** The address of a link on a page of the site, or nothing where there is none. */
function linkFrom(page: string, href: string, repository: string): string | undefined {
  if (/^(\w+:|#|\/)/.test(href)) return href;
  const [file = "", anchor] = href.split("#");
  const document = INCLUDED[page] ?? `docs/${page}`;
  const target = path.posix.join(path.posix.dirname(document), decodeURI(file));
  const known = PAGE_OF.get(target) ?? (/^docs\/.*\.md$/.test(target) && target.slice(5));
  if (known) return `/${known}${anchor ? `#${anchor}` : ""}`;
  // A page of the site without its extension: left to the check for dead links.
  if (target.startsWith("docs/") && !existsSync(path.join(ROOT, target))) return href;
  if (repository.includes(PLACEHOLDER)) return undefined;
  const url = repository.replace(/^git\+/, "").replace(/\.git$/, "");
  return `${url}/blob/main/${target}${anchor ? `#${anchor}` : ""}`;
}

function spliceHidden(tokens: { hidden: boolean; type: string }[]): void {
  for (let at = tokens.length - 1; at >= 0; at -= 1) {
    if (tokens[at]?.hidden && tokens[at]?.type.startsWith("link_")) tokens.splice(at, 1);
  }
}
