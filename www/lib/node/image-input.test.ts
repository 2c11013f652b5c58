import { expect, it } from "vitest";
import { imageToSend, type NodeImageInput } from "./image-input";

const data = new Uint8Array(16);
const FORM = "image-decode: This is no image.";
const WIDTH = "image-size: The image's width is";
const SCHEME =
  "cannot be read: only http:, https: and file: addresses can be read. Check the path.";

/** What is passed as an image, and the beginning of its error. */
const CASES: [unknown, string][] = [
  [null, FORM],
  [undefined, FORM],
  [5, FORM],
  [{}, FORM],
  [{ data: null, width: 2, height: 2 }, FORM],
  [{ data, width: -2, height: -2 }, `${WIDTH} -2, not an integer from 1 on.`],
  [{ data, width: 0, height: 2 }, `${WIDTH} 0, not`],
  [{ data, width: Number.NaN, height: 2 }, `${WIDTH} NaN, not`],
  [{ data, width: 2.5, height: 2 }, `${WIDTH} 2.5, not`],
  [{ data, width: "2", height: 2 }, `${WIDTH} "2", not`],
  ["", 'image-decode: The image "" cannot be read: the path is empty.'],
  ["ftp://x/y.png", `image-decode: The image "ftp://x/y.png" ${SCHEME}`],
  [new URL("ftp://x/y.png"), `image-decode: The image "ftp://x/y.png" ${SCHEME}`],
  ["data:image/png;base64,AA", `image-decode: The image "data:image/png;base64,AA" ${SCHEME}`],
  ["/nowhere.png", "image-decode: The image /nowhere.png cannot be read: there is no such file."],
  ["/", "image-decode: The image / cannot be read: it is a folder."],
];

it("what is no image is refused in words", async () => {
  const wrong = [];
  for (const [input, expected] of CASES) {
    const found = await imageToSend(input as NodeImageInput, undefined).then(
      () => "taken",
      (error) => `${error.code}: ${error.message}`,
    );
    if (!found.startsWith(expected)) wrong.push(`${String(input)}: ${found}`);
  }
  expect(wrong).toEqual([]);
});
