import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** A folder of its own for a test, gone when the test is over. */
export function temporaryFolder(t) {
  const folder = mkdtempSync(path.join(tmpdir(), "resnet-web-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
