import { expect, it } from "vitest";
import type { Description } from "../../protocol/types";
import { together } from "./descriptions";

const setting = (name: string) => ({ name, value: "new" });

it.each<{ what: string; said: Partial<Description>[]; together: Partial<Description> }>([
  { what: "nothing", said: [], together: {} },
  {
    what: "labels and a preprocessing",
    said: [{ preprocessing: { crop: 64 } }, { labels: ["a"] }],
    together: { labels: ["a"], preprocessing: { crop: 64 } },
  },
  {
    what: "the first of two that decide the same",
    said: [
      { labels: ["a"], strideOn: "conv1", preprocessing: { crop: 64 } },
      { labels: ["b"], strideOn: "conv2", preprocessing: { crop: 32, range: 255 } },
    ],
    together: { labels: ["a"], strideOn: "conv1", preprocessing: { crop: 64, range: 255 } },
  },
  {
    what: "all that is asked for in vain",
    said: [
      { otherNetwork: [setting("a")], unsupported: [setting("b")] },
      { otherNetwork: [setting("c")], unsupported: [setting("d")] },
    ],
    together: {
      otherNetwork: [setting("a"), setting("c")],
      unsupported: [setting("b"), setting("d")],
    },
  },
])("descriptions say $what", ({ said, together: expected }) => {
  const silent: Description = { labels: [], unsupported: [] };
  const descriptions = said.map((each) => ({ ...silent, ...each }));
  expect(together(descriptions)).toEqual({ ...silent, ...expected });
});
