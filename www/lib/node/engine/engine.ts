import "./globals";
import * as Comlink from "comlink";
import { isCutShort } from "../../../images/encoded";
import { toResNetError } from "../../../protocol/errors";
import type { BuildRequest, Settled, Wanted } from "../../../protocol/messages";
import type { ImageClassification, LoadedModel, ThreadCount } from "../../../protocol/types";
import { Session } from "../../../worker/engine/session";
import { post } from "../../../worker/post";
import { crashes, isTrap } from "../../../worker/wasm/crashes";
import type { SentImage } from "../image-input";
import { type ByteLocation, withBytes } from "./file-bytes";

/** What a model is built from in Node. */
export interface NodeBuildRequest extends Omit<BuildRequest, "file" | "labels"> {
  /** Where the weight file's bytes are. */
  weights: ByteLocation;
  /** Configurations that are beside it. */
  beside: Uint8Array<ArrayBuffer>[];
  /** The files in which it has weights, as ONNX models may. */
  external: { name: string; location: ByteLocation }[];
  /** A file of labels, or one that describes a model. */
  labels?: Uint8Array<ArrayBuffer>;
}

/** What is used of `Blob` in the session, which asks for a browser's. */
type Image = Blob | ImageBitmap;

/** The session of the browser's worker, with Node's files and images. */
class Engine {
  readonly #session = new Session();

  open(threads: ThreadCount) {
    return this.#session.openCpu("cpu-requested", undefined, threads);
  }

  load(build: NodeBuildRequest): Promise<Settled<LoadedModel>> {
    const { weights, beside, external, labels, ...request } = build;
    const locations = [weights, ...external.map(({ location }) => location)];
    return withBytes(locations, ([bytes, ...others]) =>
      this.#session.load({
        ...request,
        file: {
          blob: bytes as unknown as Blob,
          external: external.map(({ name }, i) => ({ name, blob: others[i] as unknown as Blob })),
          kept: { cached: false, reason: "file" },
          beside: beside.map((file) => new Blob([file])),
        },
        ...(labels && { labels: new Blob([labels]) }),
      }),
    ).catch((thrown) => {
      const message = `The weight file cannot be read: ${toResNetError(thrown).message}. Check the path.`;
      return { ok: false, error: { code: "weights-unreadable", message } };
    });
  }

  commit(load: number) {
    return this.#session.commit(load);
  }

  drop(load: number) {
    return this.#session.drop(load);
  }

  describe(file: Uint8Array<ArrayBuffer>) {
    return this.#session.describe(new Blob([file]));
  }

  setLabels(load: number, labels: Uint8Array<ArrayBuffer>) {
    return this.#session.setLabels(load, new Blob([labels]));
  }

  setThreads(count: ThreadCount) {
    return this.#session.setThreads(count);
  }

  async classify(
    image: SentImage,
    name: string,
    wanted: Wanted,
    call: number,
  ): Promise<Settled<ImageClassification>> {
    const answer = await this.#session.classify(closable(image), name, wanted, call);
    const cutShort = "file" in image && answer.ok && (await isCutShort(new Blob([image.file])));
    return cutShort ? { ok: true, value: { ...answer.value, cutShort } } : answer;
  }

  inspect(image: SentImage, name: string, call: number) {
    return this.#session.inspect(closable(image), name, call);
  }

  featureMaps(place: number, from: number, count: number) {
    return this.#session.featureMaps(place, from, count);
  }

  cancel(call: number) {
    this.#session.cancel(call);
  }
}

export type { Engine };

/** The session closes what is no file, as bitmaps in a browser have to be; here there is nothing to close. */
function closable(image: SentImage): Image {
  return { ...image, close() {} } as unknown as Image;
}

process.on("uncaughtException", ({ message }) => crashes.report(message));
process.on("unhandledRejection", (reason) => {
  if (isTrap(reason)) crashes.report(toResNetError(reason).message);
});

Comlink.expose(new Engine());
post({ started: true });
