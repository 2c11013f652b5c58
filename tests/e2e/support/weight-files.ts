import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { weightFile } from "./files";
import type { StaticHost } from "./host";

/** A weight file in place of the default one. */
interface DefaultWeights {
  /** What weights/manifest.json says. */
  manifest: string;
  /** The path of the file, unpacked, and its content: weights/fixture.safetensors. */
  path: string;
  content: Buffer;
}

/** The fixtures in tests/fixtures/weights, each unpacked once. */
export class WeightFiles {
  readonly #folder = mkdtemp(path.join(tmpdir(), "resnet-web-weights-"));
  readonly #unpacked = new Map<string, Promise<string>>();

  /** The path of a fixture: tens of megabytes go to the browser by their path. */
  path(file: string): Promise<string> {
    const known = this.#unpacked.get(file);
    if (known) return known;
    const unpacked = this.#unpack(file);
    this.#unpacked.set(file, unpacked);
    return unpacked;
  }

  /** A fixture as the default weights, with its checksum. */
  async asDefault(file: string): Promise<DefaultWeights> {
    const path = await this.path(file);
    const content = await readFile(path);
    const sha256 = createHash("sha256").update(content).digest("hex");
    const manifest = { file: "fixture.safetensors", bytes: content.length, sha256 };
    return { manifest: JSON.stringify(manifest), path, content };
  }

  /** Has a host serve a fixture as the default weights. */
  async serve(host: StaticHost, file: string): Promise<void> {
    const { manifest, content } = await this.asDefault(file);
    host.change("weights/manifest.json", () => manifest);
    host.change("weights/fixture.safetensors", () => content);
  }

  async remove(): Promise<void> {
    await rm(await this.#folder, { recursive: true });
  }

  async #unpack(file: string): Promise<string> {
    const unpacked = path.join(await this.#folder, file);
    await writeFile(unpacked, (await weightFile(file)).buffer);
    return unpacked;
  }
}

/** The fixture of {@link WeightFiles}, for all tests of one of Playwright's workers. */
export const weightFiles: [
  (none: object, use: (files: WeightFiles) => Promise<void>) => Promise<void>,
  { scope: "worker" },
] = [
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads a fixture's needs off the pattern.
  async ({}, use) => {
    const files = new WeightFiles();
    await use(files);
    await files.remove();
  },
  { scope: "worker" },
];
