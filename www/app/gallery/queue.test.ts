import type { ImageClassification } from "resnet-web";
import { expect, it } from "vitest";
import { classifyAll, type Outcome } from "./queue";

const files = (names: string) => names.split(" ").map((name) => new File([name], name));
const RESULT = { top: [] } as unknown as ImageClassification;
const fails = (code: string) => Object.assign(new Error(`failed: ${code}`), { code });

/** Runs the queue; `answers` are what the classifier does with a name. */
async function run(names: string, answers: Record<string, (string | null)[]> = {}) {
  const outcomes: (Outcome | undefined)[] = [];
  const tried: string[] = [];
  let atOnce = 0;
  let most = 0;
  const classify = async (file: File) => {
    atOnce += 1;
    most = Math.max(most, atOnce);
    tried.push(file.name);
    await new Promise((done) => setTimeout(done));
    atOnce -= 1;
    const code = answers[file.name]?.shift();
    if (code) throw fails(code);
    return RESULT;
  };
  await classifyAll(
    files(names),
    classify,
    (i, o) => (outcomes[i] = o),
    new AbortController().signal,
  );
  return { outcomes, tried, most };
}

it("every photo has its own outcome, two at a time", async () => {
  const { outcomes, most } = await run("a b c d e", { b: ["image-decode"] });
  expect(outcomes.map((outcome) => outcome && "error" in outcome)).toEqual([
    false,
    true,
    false,
    false,
    false,
  ]);
  expect(outcomes[1]).toEqual({ error: "failed: image-decode" });
  expect(most).toBe(2);
});

it.each(["device-lost", "image-decode"])(
  "a photo that fails with %s is not tried again",
  async (code) => {
    const { outcomes, tried } = await run("a", { a: [code] });
    expect(tried).toHaveLength(1);
    expect(outcomes[0]).toEqual({ error: `failed: ${code}` });
  },
);

it("begins no further photo when it is cancelled, and reports none", async () => {
  const cancel = new AbortController();
  const told: number[] = [];
  const tried: string[] = [];
  const classify = async (file: File, signal: AbortSignal) => {
    tried.push(file.name);
    // What is under way is given up with the rest.
    expect(signal).toBe(cancel.signal);
    await new Promise((done) => setTimeout(done));
    return RESULT;
  };
  const note = (place: number) => {
    told.push(place);
    cancel.abort();
  };
  await classifyAll(files("a b c d"), classify, note, cancel.signal);
  expect(tried).toEqual(["a", "b"]);
  expect(told).toEqual([0]);
});
