import { chromium, WEBGPU } from "./support/browser";
import { killer } from "./support/gpu-process";
import { SMALL } from "./support/networks";
import { expect, test } from "./support/page";

// As it stands, Chromium gives a page no adapter any more after its GPU process' second death, and gives up with the sixth.
test.use({
  network: SMALL,
  ...chromium([
    ...WEBGPU,
    "--disable-gpu-watchdog",
    "--disable-gpu-process-crash-limit",
    "--disable-domain-blocking-for-3d-apis",
  ]),
});

test("a GPU process that dies ten times in a row is followed by another each time", async ({
  classifier,
  browser,
}) => {
  test.setTimeout(600_000);
  const kill = await killer(browser);
  await classifier.openWithCat("?device=webgpu");
  for (let deaths = 1; deaths <= 10; deaths += 1) {
    kill();
    // By turns, so that what is seen is not the answer before.
    await classifier.sees(deaths % 2 === 1 ? "A cup of coffee" : "A cat");
    await expect(classifier.device).toHaveAttribute("data-reason", "webgpu-reopened");
  }
});
