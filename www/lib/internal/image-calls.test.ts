import { expect, it } from "vitest";
import type { Wanted } from "../../protocol/messages";
import type { ImageClassification } from "../../protocol/types";
import { classifyWith, embedWith } from "./image-calls";

/** A run that keeps what was wanted of it. */
function runs() {
  const wanted: Wanted[] = [];
  const run = async (_signal: AbortSignal | undefined, each: Wanted) => {
    wanted.push(each);
    return { embedding: new Float32Array([3, 4]) } as ImageClassification;
  };
  return { wanted, run };
}

it.each([
  [{}, { top: 5, embedding: false }],
  [
    { top: 1, evidence: 7, embedding: true },
    { top: 1, evidence: 7, embedding: true },
  ],
])("classify with the options %o wants %o", async (options, expected) => {
  const { wanted, run } = runs();
  await classifyWith(run, options);
  expect(wanted).toEqual([expected]);
});

it.each([
  [{}, [3, 4]],
  [{ normalize: true }, [0.6, 0.8]],
])("embed with the options %o returns %o, and wants no classes", async (options, expected) => {
  const { wanted, run } = runs();
  expect(await embedWith(run, options)).toEqual(new Float32Array(expected));
  expect(wanted).toEqual([{ top: 0, embedding: true }]);
});

it("rejects options that cannot be, before anything runs", async () => {
  const { wanted, run } = runs();
  await expect(classifyWith(run, { top: 0 })).rejects.toThrow("top is 0");
  const normalize = "yes" as unknown as boolean;
  await expect(embedWith(run, { normalize })).rejects.toThrow("normalize is");
  expect(wanted).toEqual([]);
});
