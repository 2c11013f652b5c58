import { readFileSync } from "node:fs";
import { expect, test } from "./support/page";

test("the page leads to the notices of what it is made of, and keeps them", async ({
  classifier,
  page,
}) => {
  await classifier.open();
  await page.getByRole("link", { name: "Licences of the software in this page" }).click();
  const notices = await page.locator("body").innerText();
  for (const name of ["preact", "comlink", "workbox-precaching", "burn", "wgpu", "wasm-bindgen"]) {
    expect(notices).toMatch(new RegExp(`^${name} \\d.*\\(.*(MIT|Apache).*\\) https://`, "m"));
  }
  expect(notices).toMatch(/^the Rust standard library \d/m);
  expect(readFileSync("dist/service-worker.js", "utf8")).toContain('"THIRD-PARTY.txt"');
});
