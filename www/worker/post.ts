import type { WorkerNotice } from "../protocol/messages";

/** Posts a notice to the page. */
export function post(notice: WorkerNotice): void {
  self.postMessage(notice);
}
