import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { estimateTables } from "../../bench/lib/estimate.mjs";
import { LAYERS } from "../../bench/lib/fast-paths.mjs";
import { layersOf } from "../../bench/lib/layers.mjs";
import { withServer } from "../../bench/lib/server.mjs";
import { heatOf } from "../../bench/page/gpu/heat.mjs";
import { place } from "../../tools/lib/places.mjs";

const LOGITS = [1, -2, 3];

/** What contender.mjs opens: `logits`, and the names of all runs go to `runs`. */
function opening(runs, faults = {}) {
  return ({ name, logits = LOGITS }) => {
    if (faults[name] === "open") throw new Error("no WebGPU");
    return {
      run: async () => {
        runs.push(name);
        if (faults[name] === "run") throw new Error("no such operation");
        return 2;
      },
      logits: () => logits,
      close: () => {},
      terminate: () => {},
    };
  };
}

function race(contenders, open) {
  const [report, show] = [() => {}, () => {}];
  return heatOf(contenders, {}, { open, runs: 2, warmUps: 1, report, show });
}

test("contenders run in turn after the first run of each", async () => {
  const runs = [];
  const contenders = [{ name: "a", runner: "ours", device: "webgpu" }, { name: "b" }];
  const rows = await race(contenders, opening(runs));
  assert.equal(runs.join(""), "abababab");
  assert.deepEqual(rows[1].milliseconds, [2, 2]);
  assert.equal(rows[1].ours, 1);
});

test("a contender that fails is reported and does not stop the others", async () => {
  const contenders = [
    { name: "a", runner: "ours", device: "webgpu" },
    { name: "b" },
    { name: "c" },
  ];
  const rows = await race(contenders, opening([], { a: "run", b: "open" }));
  assert.deepEqual(
    rows.map(({ failure }) => failure),
    ["no such operation", "no WebGPU", undefined],
  );
  assert.equal(rows[2].median, 2);
  assert.equal(rows[2].ours, undefined, "nothing to hold it against");
});

test("a contender that computes something else has no ratio", async () => {
  const contenders = [
    { name: "a", runner: "ours", device: "webgpu" },
    { name: "b", logits: [1, -2, 2.9] },
    { name: "c", logits: [1, -2, Number.NaN] },
  ];
  const rows = await race(contenders, opening([]));
  assert.deepEqual(
    rows.map(({ wrong }) => wrong),
    [false, true, true],
  );
  assert.equal(rows[1].ours, undefined);
});

test("the server shares memory, serves texts, and says when its port is taken", async () => {
  await withServer(
    async ({ address }) => {
      const response = await fetch(`${address}/bench/field.json`);
      assert.equal(response.headers.get("Cross-Origin-Embedder-Policy"), "require-corp");
      assert.deepEqual(await response.json(), { models: [] });
      const page = await (await fetch(`${address}/bench/gpu.html`)).text();
      for (const [, file] of page.matchAll(/(?:href|src)="(page[^"]+)"/g)) {
        assert.equal((await fetch(`${address}/bench/${file}`)).status, 200, file);
      }
      assert.equal((await fetch(`${address}/package.json`)).status, 404);
      const { port } = new URL(address);
      await assert.rejects(
        withServer(() => {}, { port: Number(port) }),
        /Port \d+ is taken/,
      );
    },
    { texts: { "bench/field.json": '{"models":[]}' } },
  );
});

test("the estimate counts the multiply-adds that the networks have", () => {
  const total = (network) =>
    layersOf(network).reduce((sum, { multiplyAdds }) => sum + multiplyAdds, 0);
  assert.equal(total("ResNet-18"), 1_814_073_344);
  assert.equal(total("ResNet-50"), 3_857_973_248);
  assert.equal(total("ResNeXt-50 32x4d"), 4_230_479_872);
});

test("docs/gpu-estimate.md has the tables that bench/gpu-estimate.mjs prints", () => {
  const document = readFileSync(place("docs", "gpu-estimate.md"), "utf8");
  for (const table of estimateTables()) assert.ok(document.includes(table), table);
});

test("the convolutions that are timed path by path are those of the networks", () => {
  const products = ["ResNet-18", "ResNet-50", "ResNeXt-50 32x4d"]
    .flatMap((network) => layersOf(network))
    .flatMap(({ product }) => (product ? [JSON.stringify(product)] : []));
  for (const { side, kernel, stride, groups = 1, ...layer } of LAYERS) {
    const pixels = Math.ceil(side / stride) ** 2;
    const [outputs, inputs] = [layer.outputs / groups, layer.inputs / groups];
    const product = JSON.stringify({ pixels, outputs, inputs, kernel, groups });
    assert.ok(products.includes(product), product);
  }
});
