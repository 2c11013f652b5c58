import type { ErrorCode, ResNetError } from "resnet-web";

/** What fails where a file of the page is not on its server any more: code, a worker, ImageNet's labels. */
const MISSING: readonly ErrorCode[] = [
  "runtime-download",
  "worker-unavailable",
  "runtime-crashed",
  "runtime-given-up",
  "labels",
];

/** How long the server may take to send the page's HTML, in milliseconds. */
const ANSWER_LIMIT = 5000;

/** Whether a new version on the server, without the files of the old one, may have caused an error. */
export function raisesDoubt(error: ResNetError | null): boolean {
  return error !== null && MISSING.includes(error.code);
}

/**
 * Whether the server has another version of the page than the one that runs: its HTML names another script.
 *
 * @param page the page's address
 * @param script the address of the script that runs, as the HTML it came with names it
 */
export async function isOutdated(page: string, script: string): Promise<boolean> {
  try {
    const answer = await fetch(page, {
      cache: "no-store",
      signal: AbortSignal.timeout(ANSWER_LIMIT),
    });
    return answer.ok && !(await answer.text()).includes(script);
  } catch {
    // Without a connection the error itself says what to do.
    return false;
  }
}

/** Whether the server has another version of this page. */
export function hasNewVersion(): Promise<boolean> {
  const script = document.querySelector('script[type="module"][src]')?.getAttribute("src") ?? "";
  return isOutdated(location.href, script);
}
