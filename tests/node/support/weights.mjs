import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { place } from "../../../tools/lib/places.mjs";

/** A folder for a test file, which is removed at its end. */
export function temporaryFolder(after) {
  const folder = mkdtempSync(path.join(tmpdir(), "resnet-web-test-"));
  after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Writes PyTorch's file of a small network with ten classes into a folder, and returns its path. */
export function smallWeights(folder) {
  const file = path.join(folder, "basic.pth");
  writeFileSync(file, gunzipSync(readFileSync(place("tests/fixtures/weights/basic-zip.pth.gz"))));
  return file;
}

/** Names for its classes. */
export const LABELS = Array.from({ length: 10 }, (_, i) => `own class ${i}`);
