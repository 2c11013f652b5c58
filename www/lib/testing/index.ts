/**
 * A classifier for tests: it has the API of the real one and answers what a test wants, without a worker, wasm or weights. It runs
 * wherever the tests do: in Vitest with Node, jsdom or happy-dom, in Node's own runner, in Jest's mode for ES modules.
 *
 * ```ts
 * // Vitest makes the mock before it follows any import of the file, so this one is in it.
 * vi.mock("resnet-web", async (original) => {
 *   const { fakeCreateClassifier } = await import("resnet-web/testing");
 *   return { ...(await original()), createClassifier: fakeCreateClassifier({ answer: "tabby" }) };
 * });
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
