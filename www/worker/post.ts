import type { WorkerNotice } from "../protocol/messages";

/** Posts a notice to the library. */
export function post(notice: WorkerNotice, transfer: Transferable[] = []): void {
  self.postMessage(notice, { transfer });
}
