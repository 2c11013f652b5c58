import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { Builder, By, Capabilities, type WebDriver } from "selenium-webdriver";
import { type Browser, LOAD_LIMIT, Tab } from "./tab";

const DRIVER = process.env.WEBKIT_DRIVER ?? "/usr/bin/WebKitWebDriver";

/** Starts Debian's WebKitGTK on a virtual display, driven by WebDriver. */
export async function launchWebKit(): Promise<Browser> {
  const port = await freePort();
  const driver = spawn("xvfb-run", ["-a", DRIVER, `--port=${port}`], {
    stdio: "ignore",
    // A group of processes, all of which go in the end.
    detached: true,
    env: {
      ...process.env,
      // As Chromium's --no-sandbox: containers and root have none.
      WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1",
      // As Safari, which lets isolated pages share memory. WebKitGTK 2.50 never does of itself.
      JSC_useSharedArrayBuffer: "1",
    },
  });
  try {
    const address = `http://127.0.0.1:${port}`;
    await isReady(address);
    const session = await new Builder()
      .disableEnvironmentOverrides()
      .usingServer(address)
      // WebKitGTK's own small browser, which comes with the library.
      .withCapabilities(new Capabilities({ browserName: "MiniBrowser" }))
      .build();
    await session.manage().setTimeouts({ pageLoad: LOAD_LIMIT, script: LOAD_LIMIT });
    await session.manage().window().setRect({ x: 0, y: 0, width: 1280, height: 900 });
    return new WebKit(driver, session, await session.getWindowHandle());
  } catch (thrown) {
    await end(driver);
    throw thrown;
  }
}

class WebKit implements Browser {
  readonly #driver: ChildProcess;
  readonly #session: WebDriver;
  /** A window without a use, such as the one that a session begins with. */
  #spare: string | undefined;

  constructor(driver: ChildProcess, session: WebDriver, first: string) {
    this.#driver = driver;
    this.#session = session;
    this.#spare = first;
  }

  async newTab(): Promise<Tab> {
    if (!this.#spare) await this.#session.switchTo().newWindow("tab");
    const handle = this.#spare ?? (await this.#session.getWindowHandle());
    this.#spare = undefined;
    return new WebKitTab(this.#session, handle, async () => {
      const windows = await this.#session.getAllWindowHandles();
      if (windows.length > 1) return this.#session.close();
      // The session would end with its last window.
      await this.#session.get("about:blank");
      this.#spare = handle;
    });
  }

  async close(): Promise<void> {
    // Not by WebDriver: a browser that hangs would not answer.
    await end(this.#driver);
  }
}

class WebKitTab extends Tab {
  readonly #session: WebDriver;
  readonly #handle: string;
  readonly #leave: () => Promise<void>;

  constructor(session: WebDriver, handle: string, leave: () => Promise<void>) {
    super();
    this.#session = session;
    this.#handle = handle;
    this.#leave = leave;
  }

  override async open(address: string): Promise<void> {
    await (await this.#tab()).get(address);
  }

  override async reload(): Promise<void> {
    await (await this.#tab()).navigate().refresh();
  }

  override async evaluate<Arguments extends unknown[], Result>(
    work: (...args: Arguments) => Result,
    ...args: Arguments
  ): Promise<Awaited<Result>> {
    return (await this.#tab()).executeScript<Awaited<Result>>(work, ...args);
  }

  override async click(selector: string): Promise<void> {
    await (await this.#tab()).findElement(By.css(selector)).click();
  }

  override async chooseFiles(selector: string, ...files: string[]): Promise<void> {
    const input = (await this.#tab()).findElement(By.css(selector));
    await input.sendKeys(files.map((file) => path.resolve(file)).join("\n"));
  }

  override async screenshot(): Promise<Buffer> {
    return Buffer.from(await (await this.#tab()).takeScreenshot(), "base64");
  }

  override async close(): Promise<void> {
    await this.#tab();
    await this.#leave();
  }

  /** The session, with this tab in front: it speaks with one at a time. */
  async #tab(): Promise<WebDriver> {
    await this.#session.switchTo().window(this.#handle);
    return this.#session;
  }
}

async function isReady(address: string): Promise<void> {
  const started = Date.now();
  for (;;) {
    const response = await fetch(`${address}/status`).catch(() => null);
    if (response?.ok) return;
    if (Date.now() - started > LOAD_LIMIT) throw new Error(`${DRIVER} does not answer`);
    await setTimeout(100);
  }
}

/** A port that nothing listens at. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? (address?.port ?? 0) : 0));
    });
  });
}

/** Ends the driver with the browser and the display that it started, which remove their files. */
async function end(driver: ChildProcess): Promise<void> {
  signal(driver, "SIGTERM");
  await setTimeout(1_000);
  signal(driver, "SIGKILL");
}

/** Sends a signal to the driver and to all that it started. */
function signal({ pid }: ChildProcess, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch {
    // They have ended.
  }
}
