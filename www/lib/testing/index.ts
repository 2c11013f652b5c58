/**
 * A classifier for tests: it has the API of the real one and answers what a test wants, without a worker, wasm or weights. It runs
 * wherever the tests do, as in Vitest or Jest with jsdom.
 *
 * ```ts
 * import { fakeCreateClassifier } from "resnet-web/testing";
 *
 * vi.mock("resnet-web", async (original) => ({
 *   ...(await original()),
 *   createClassifier: fakeCreateClassifier({ answer: "tabby" }),
 * }));
 * ```
 *
 * @module resnet-web/testing
 */

export {
  createFakeClassifier,
  type FakeAnswer,
  type FakeCall,
  type FakeClassifier,
  type FakeOptions,
  fakeCreateClassifier,
} from "./fake-classifier";
