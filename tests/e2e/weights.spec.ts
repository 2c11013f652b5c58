import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "@playwright/test";
import { overflow, violations } from "./support/access";
import { textFile, weightFile } from "./support/files";
import { SMALL } from "./support/networks";
import { expect, test } from "./support/page";

const FILES = [
  {
    file: "basic-zip.pth",
    name: "ResNet [1, 1, 1, 1]",
    format: /PyTorch, names as in torchvision/,
  },
  {
    file: "basic-legacy.pth",
    name: "ResNet [1, 1, 1, 1]",
    format: /PyTorch, names as in torchvision/,
  },
  {
    file: "hugging-face-bottleneck.safetensors",
    name: "ResNet [1, 1, 1, 1]",
    format: /safetensors, names as in Hugging Face/,
  },
  { file: "resnext.pth", name: "ResNeXt [1, 1, 1, 1] 32x4d", format: /PyTorch/ },
  { file: "wide.pth", name: "Wide ResNet [1, 1, 1, 1]-2", format: /PyTorch/ },
  {
    file: "seed-basic.pth",
    name: "ResNet [1, 1, 1, 1]",
    format: /names as in the reference implementation/,
  },
] as const;

test("files of every kind are loaded, and a photo is looked at with each", async ({
  classifier,
  page,
}) => {
  await classifier.openWithCat();
  for (const { file, name, format } of FILES) {
    await test.step(file, async () => {
      await classifier.chooseWeights(await weightFile(file));
      await expect(classifier.model).toContainText(file);
      await expect(classifier.named(name)).toBeVisible();
      await expect(classifier.model).toContainText(format);
      await expect(classifier.model).toContainText("none: classes are shown by number");
      await expect(classifier.first).toContainText(/^class \d/);
      await expect(classifier.notice).toHaveCount(0);
    });
  }
  await page.getByRole("button", { name: "Back to the default weights" }).click();
  await classifier.ready();
  await classifier.shows("A cat");
});

test("weights and labels dropped on the page are known from photos", async ({ classifier }) => {
  await classifier.open();
  await classifier.ready();
  await classifier.chooseSample("A cat");
  await classifier.drop(await weightFile("basic-zip.pth", "named-like-nothing"));
  await expect(classifier.named(SMALL.name)).toBeVisible();
  const labels = Array.from({ length: 10 }, (_, i) => `thing ${i}`);
  await classifier.drop(textFile("labels.txt", labels.slice(1).join("\n")));
  await expect(classifier.notice).toContainText("Found 9 labels, expected 10", {
    ignoreCase: true,
  });
  await classifier.drop(textFile("labels.json", JSON.stringify(labels)));
  await expect(classifier.model).toContainText("10 labels");
  await expect(classifier.first).toContainText(/thing \d/);
  await expect(classifier.notice).toHaveCount(0);
});

test("what a file does not say can be chosen, and is marked as assumed", async ({
  classifier,
  page,
}) => {
  await classifier.open();
  await classifier.ready();
  // The default weights say all of it.
  await expect(page.getByText(/^Assumed/)).toHaveCount(0);
  await expect(page.getByLabel("Stride of the bottlenecks")).toHaveValue("conv1");

  await classifier.chooseWeights(await weightFile("bottleneck.pth"));
  await expect(classifier.named(SMALL.name)).toBeVisible();
  await expect(page.getByText(/^Assumed: the file does not say/)).toHaveCount(2);
  await expect(page.getByLabel("Stride of the bottlenecks")).toHaveValue("conv2");

  await classifier.chooseSample("A cat");
  const before = await classifier.topResult();
  await page.getByLabel("Image normalisation").selectOption("none");
  await expect(page.getByText(/^Assumed: the file does not say/)).toHaveCount(1);
  await expect(async () => {
    expect(await classifier.topResult()).not.toEqual(before);
  }).toPass();
  await page.getByLabel("Stride of the bottlenecks").selectOption("conv1");
  await expect(page.getByText(/^Assumed: the file does not say/)).toHaveCount(0);
  await expect(page.getByLabel("Stride of the bottlenecks")).toHaveValue("conv1");
  await expect(page.getByLabel("Image normalisation")).toHaveValue("none");
});

const REFUSED = [
  { file: "vgg.pth", says: /VGG/ },
  { file: "evil.pth", says: /unknown kind.*payload/ },
  { file: "sparse.pth", says: /_rebuild_sparse_tensor/ },
] as const;

test("eight bits are a choice, and give the same class", async ({ classifier, page }) => {
  await classifier.open();
  await classifier.ready();
  const bars = () => classifier.result.getByRole("listitem").allInnerTexts();
  await classifier.chooseSample("A cat");
  const exact = await classifier.topResult();
  const before = await bars();
  await page.getByLabel("Arithmetic").selectOption("int8");
  // The network is built again; until then, the one before answers.
  await expect(async () => {
    await classifier.sees("A cat");
    expect(await bars()).not.toEqual(before);
  }).toPass();
  const { label, percent } = await classifier.topResult();
  expect(label).toBe("Egyptian cat");
  expect(Math.abs(percent - exact.percent)).toBeLessThan(1.5);
  await expect(page.getByLabel("Arithmetic")).toHaveValue("int8");
});

test("files that cannot be loaded say why, and the model before stays", async ({
  classifier,
  page,
}) => {
  await classifier.open();
  await classifier.ready();
  for (const { file, says } of REFUSED) {
    await test.step(file, async () => {
      await classifier.chooseWeights(await weightFile(file));
      await expect(classifier.notice).toContainText(says);
      await page.getByRole("button", { name: "Dismiss" }).click();
    });
  }
  await classifier.chooseWeights(
    textFile("model.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
  );
  await expect(classifier.notice).toContainText("Git LFS pointer");
  await classifier.sees("A cat");
  await expect(classifier.named("ResNet-50")).toBeVisible();
});

test("a link with ?weights= loads them, and says what another server has to allow", async ({
  classifier,
  page,
}) => {
  const { buffer } = await weightFile("basic-zip.pth");
  const address = (url: URL) => url.pathname === "/my/resnet.pth";
  await page.context().route(address, (route) => route.fulfill({ body: buffer }));
  await classifier.open("?device=cpu&weights=./my/resnet.pth");
  await expect(classifier.named(SMALL.name)).toBeVisible();
  await expect(classifier.model).toContainText("resnet.pth");

  const page404 = "./none.pth";
  await classifier.open(`?device=cpu&weights=${page404}`);
  await expect(classifier.notice).toContainText("404");
});

/** A server of another origin. What it was asked for is in `asked`. */
async function otherServer(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    // What describes weights is looked for beside them, and here is none.
    if (/config\.json$/.test(request.url ?? "")) return response.writeHead(404, ALLOWED).end();
    asked.push(`${request.method} ${request.url}`);
    return answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { host, asked, close };
}

const ALLOWED = { "access-control-allow-origin": "*" };

// Without routes: those allow everything.
test.describe("weights of another server", () => {
  test.use({ ownOriginOnly: false });
  const question = (page: Page) => page.getByRole("alert").filter({ hasText: "Download weights" });
  const allow = (page: Page) => question(page).getByRole("button", { name: "Download" });

  test("need its permission", async ({ classifier, page }) => {
    const { buffer } = await weightFile("basic-zip.pth");
    const { host, close } = await otherServer(({ url }, response) => {
      response.writeHead(200, url?.startsWith("/allowed/") ? ALLOWED : {});
      response.end(buffer);
    });
    await page.goto(`/?device=cpu&weights=http://${host}/forbidden/resnet.pth`);
    await allow(page).click();
    await expect(page.getByRole("alert")).toContainText(/Access-Control-Allow-Origin/);
    await page.goto(`/?device=cpu&weights=http://${host}/allowed/resnet.pth`);
    await allow(page).click();
    await expect(classifier.named(SMALL.name)).toBeVisible();
    close();
  });

  for (const { language, title, size, yes, no } of [
    {
      language: "en",
      title: "Download weights from",
      size: /They are 19\.7 MB\./,
      yes: "Download",
      no: "Use this page's own weights",
    },
    {
      language: "de",
      title: "Gewichte von",
      size: /Sie haben 19,7 MB\./,
      yes: "Herunterladen",
      no: "Die eigenen Gewichte dieser Seite nehmen",
    },
  ]) {
    test(`are asked for once, with host and size, at a phone's size (${language})`, async ({
      classifier,
      page,
    }) => {
      const { buffer } = await weightFile("basic-zip.pth");
      const { host, asked, close } = await otherServer(({ method }, response) => {
        response.writeHead(200, { ...ALLOWED, "content-length": buffer.length });
        response.end(method === "HEAD" ? undefined : buffer);
      });
      await page.setViewportSize({ width: 320, height: 640 });
      const alert = page.getByRole("alert").filter({ hasText: title });
      const link = (file: string) =>
        `/?device=cpu&lang=${language}&weights=http://user:secret@${host}/${file}`;

      await page.goto(link("one.pth"));
      await expect(alert).toContainText(`${title} ${host}`);
      await expect(alert).toContainText(size);
      await expect(page.locator("body")).not.toContainText("secret");
      expect(asked).toEqual(["HEAD /one.pth"]);
      for (const name of [yes, no]) {
        await expect(alert.getByRole("button", { name })).toBeInViewport({ ratio: 1 });
      }
      expect(await violations(page)).toEqual([]);
      expect(await overflow(page)).toBe(0);
      await alert.getByRole("button", { name: yes }).press("Enter");
      await expect(classifier.named(SMALL.name)).toBeVisible();
      await expect(alert).toHaveCount(0);
      expect(asked.slice(1)).toEqual(["GET /one.pth"]);

      // Neither of what the browser keeps, nor once more in the same visit.
      await page.reload();
      await expect(classifier.named(SMALL.name)).toBeVisible();
      await page.evaluate(() => caches.delete("resnet-web-weights"));
      await page.reload();
      await expect(classifier.named(SMALL.name)).toBeVisible();
      await expect(alert).toHaveCount(0);
      close();
    });
  }

  test("can be refused: the page's own are loaded", async ({ classifier, page }) => {
    const { host, asked, close } = await otherServer((_, response) => {
      response.writeHead(200, ALLOWED);
      response.end();
    });
    await page.goto(`/?device=cpu&weights=http://${host}/resnet.pth`);
    await question(page).getByRole("button", { name: "Use this page's own weights" }).click();
    await expect(classifier.named("ResNet-50")).toBeVisible();
    await expect(question(page)).toHaveCount(0);
    expect(asked).toEqual(["HEAD /resnet.pth"]);
    close();
  });

  test("are downloaded once, whichever tab wants them", async ({ context, page }) => {
    const { buffer } = await weightFile("basic-zip.pth");
    let finish = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const { host, asked, close } = await otherServer(async ({ method }, response) => {
      const date = "Tue, 01 Jan 2030 00:00:00 GMT";
      response.writeHead(200, {
        ...ALLOWED,
        "content-length": buffer.length,
        "last-modified": date,
      });
      if (method === "GET") {
        let sent = 0;
        const dribble = setInterval(() => {
          response.write(buffer.subarray(sent, sent + 1000));
          sent += 1000;
        }, 50);
        await finished;
        clearInterval(dribble);
        response.write(buffer.subarray(sent));
      }
      response.end();
    });
    const link = `/?device=cpu&weights=http://${host}/slow.pth`;
    const other = await context.newPage();
    for (const tab of [page, other]) {
      await tab.goto(link);
      await allow(tab).click();
      await expect(tab.locator("section.model")).toContainText(/\d+\.\d of 19\.7 MB/);
    }
    finish();
    for (const tab of [page, other]) {
      await expect(tab.getByRole("heading", { name: SMALL.name })).toBeVisible();
    }
    expect(asked.filter((request) => request.startsWith("GET"))).toHaveLength(1);
    close();
  });

  test("are downloaded once, even if the browser's room is used up in the middle", async ({
    classifier,
    page,
  }) => {
    const { buffer } = await weightFile("basic-zip.pth");
    const { host, asked, close } = await otherServer(({ method }, response) => {
      // Without a length, so that it is found out late.
      response.writeHead(200, ALLOWED);
      response.end(method === "HEAD" ? undefined : buffer);
    });
    const session = await page.context().newCDPSession(page);
    await page.goto(`/?device=cpu&weights=http://${host}/long.pth`);
    await expect(question(page)).toContainText("It does not say how large they are.");
    const { origin } = new URL(page.url());
    await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 12_000_000 });
    await allow(page).click();
    await expect(classifier.named(SMALL.name)).toBeVisible();
    await expect(classifier.model).toContainText("no room to keep the weights");
    expect(asked).toEqual(["HEAD /long.pth", "GET /long.pth"]);
    const left = await page.evaluate(async () => (await caches.open("resnet-web-weights")).keys());
    expect(left).toEqual([]);
    close();
  });

  for (const { what, headers, start, says } of [
    {
      what: "does not end and is none",
      headers: {},
      start: "nothing of the kind",
      says: "its first bytes match no known format",
    },
    {
      what: "is larger than memory by its own word",
      headers: { "content-length": 5 * 2 ** 30 },
      start: "PK\x03\x04",
      says: "has 5368709120 bytes, which is more than",
    },
  ]) {
    test(`of which one ${what}: it stops, and the page works on`, async ({ classifier, page }) => {
      const piece = Buffer.alloc(1 << 16);
      let sent = 0;
      let isOver = false;
      const { host, close } = await otherServer(({ method }, response) => {
        response.writeHead(200, { ...ALLOWED, ...headers });
        if (method === "HEAD") {
          response.end();
          return;
        }
        response.on("close", () => {
          isOver = true;
        });
        const more = () => {
          sent += piece.length;
          response.write(piece, (fault) => fault || more());
        };
        response.write(start, more);
      });
      await page.goto(`/?device=cpu&weights=http://${host}/endless.pth`);
      await allow(page).click();
      await expect(page.getByRole("alert")).toContainText(says);
      await expect.poll(() => isOver).toBe(true);
      // What was on its way.
      expect(sent).toBeLessThan(64 << 20);
      await classifier.chooseWeights(await weightFile("basic-zip.pth"));
      await expect(classifier.named(SMALL.name)).toBeVisible();
      close();
    });
  }
});

test("an address that nothing is fetched from is refused in a sentence", async ({ classifier }) => {
  for (const [address, says] of [
    ["javascript:alert(1)", "begins with javascript:"],
    ["file:///etc/hosts", "begins with file:"],
    ["http://[", "“http://[” is no address"],
  ] as const) {
    await classifier.open(`?device=cpu&weights=${encodeURIComponent(address)}`);
    await expect(classifier.notice).toContainText(says);
  }
});

test("what the browser keeps is counted and can be removed", async ({ classifier, page }) => {
  await classifier.open();
  await classifier.ready();
  await expect(classifier.model).toContainText(
    /keeps one weight file for the next visit, 26\.1 MB/,
  );
  await page.getByRole("button", { name: "Remove", exact: true }).click();
  await expect(page.getByRole("button", { name: "Remove", exact: true })).toHaveCount(0);
  expect(await page.evaluate(async () => (await caches.keys()).length)).toBeLessThanOrEqual(1);
  await classifier.sees("A cat");
});

test("without room in the cache the model works from memory, and the page says so", async ({
  classifier,
  page,
}) => {
  const session = await page.context().newCDPSession(page);
  await classifier.open("?device=cpu&weights=./none.pth");
  const origin = new URL(page.url()).origin;
  await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1_000_000 });
  await classifier.open();
  await classifier.ready();
  await expect(classifier.model).toContainText("no room to keep the weights");
  await classifier.sees("A cat");
});

test("a download that breaks off goes on where it stopped", async ({ classifier, page }) => {
  const whole = await readFile("www/public/weights/resnet50.safetensors");
  const half = whole.length >> 1;
  const ranges: (string | undefined)[] = [];
  await page.context().route("**/*.safetensors", async (route) => {
    const range = route.request().headers().range;
    ranges.push(range);
    const headers = { etag: '"one"', "accept-ranges": "bytes" };
    if (!range) {
      // Half of what it announces, then nothing.
      await route.fulfill({
        body: whole.subarray(0, half),
        headers: {
          ...headers,
          "content-type": "application/octet-stream",
          "content-length": String(whole.length),
        },
      });
      return;
    }
    const start = Number(/bytes=(\d+)-/.exec(range)?.[1]);
    await route.fulfill({
      status: 206,
      body: whole.subarray(start),
      headers: {
        ...headers,
        "content-range": `bytes ${start}-${whole.length - 1}/${whole.length}`,
      },
    });
  });
  await classifier.open();
  await classifier.ready();
  expect(ranges).toEqual([undefined, `bytes=${half}-`]);
});

test("another model loads while a photo is looked at", async ({ classifier }) => {
  await classifier.open();
  await classifier.ready();
  const file = await weightFile("basic-zip.pth");
  await classifier.chooseSample("A cat");
  await classifier.chooseWeights(file);
  await expect(classifier.named(SMALL.name)).toBeVisible();
  await expect(classifier.first).toContainText(/^class \d/);
  await expect(classifier.notice).toHaveCount(0);
});
