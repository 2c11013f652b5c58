import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Workers } from "./workers";

/** The addresses of the workers that were started. */
let started: string[];

beforeEach(() => {
  started = [];
  vi.stubGlobal("document", { baseURI: "https://page.example/app/index.html" });
  vi.stubGlobal("location", new URL("https://page.example/app/index.html?x"));
  vi.stubGlobal(
    "Worker",
    class {
      constructor(address: string | URL, options: WorkerOptions) {
        expect(options.type).toBe("module");
        started.push(String(address));
      }
    },
  );
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** The folder that is named, and where the script of the worker that runs the network is taken from. */
const FOLDERS: [assets: string | URL, script: string][] = [
  ["/resnet-web/", "https://page.example/resnet-web/worker.js"],
  ["/resnet-web", "https://page.example/resnet-web/worker.js"],
  ["files", "https://page.example/app/files/worker.js"],
  ["./", "https://page.example/app/worker.js"],
  [new URL("https://page.example/v1/?a#b"), "https://page.example/v1/worker.js"],
];
it("workers are started from the folder that is named, relative to the document", () => {
  for (const [assets] of FOLDERS) new Workers(assets).engine();
  expect(started).toEqual(FOLDERS.map(([, script]) => script));
});

it("what is no address is refused", () => {
  const refusal = expect.objectContaining({ code: "address" });
  expect(() => new Workers("https://[")).toThrow(refusal);
});

it("each worker has a script of its own", () => {
  const workers = new Workers("/r");
  workers.engine();
  workers.weights();
  workers.thread();
  const names = ["worker.js", "weights-worker.js", "thread.js"];
  expect(started).toEqual(names.map((name) => `https://page.example/r/${name}`));
});

it("without a folder they are beside the code", () => {
  const workers = new Workers();
  workers.engine();
  workers.weights();
  workers.thread();
  const names = ["worker/worker.ts", "worker/weights/store.ts", "worker/threads/thread.ts"];
  expect(started.map((address, index) => address.endsWith(`/www/${names[index]}`))).toEqual([
    true,
    true,
    true,
  ]);
});

it("a script of another origin is imported by one of the page's, which is made once", async () => {
  const made: Blob[] = [];
  vi.spyOn(URL, "createObjectURL").mockImplementation((blob) => {
    made.push(blob as Blob);
    return `blob:${made.length}`;
  });
  new Workers("https://cdn.example/resnet-web@1/").engine();
  new Workers("https://cdn.example/resnet-web@1").engine();
  new Workers("https://cdn.example/resnet-web@1").thread();
  expect(started).toEqual(["blob:1", "blob:1", "blob:2"]);
  expect(await made[0]?.text()).toBe('import "https://cdn.example/resnet-web@1/worker.js";');
  expect(made[0]?.type).toBe("text/javascript");
});
