import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { copyFile, cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { WEIGHTS } from "./host";

const REPOSITORY = path.resolve(".");
/** Outside of the repository: nothing in a project may be found in the repository's own node_modules. */
const PROJECTS = path.join(tmpdir(), `resnet-web-examples-${digest(REPOSITORY).slice(0, 8)}`);
/** What a project was last installed from. */
const STAMP = "installed-from";
const ENVIRONMENT = { ...process.env, NEXT_TELEMETRY_DISABLED: "1" };

/** What a copy of an example has of its own. */
export interface Variant {
  /** Its name, where there is another copy. */
  variant?: string;
  /** Versions of development dependencies, in place of those that the example and its lock file pin. */
  versions?: Record<string, string>;
}

/** A copy of an example, with the packed package installed. */
export class Project {
  readonly #example: string;
  readonly folder: string;
  readonly #versions: Variant["versions"];
  #server: ChildProcess | undefined;

  constructor(example: string, { variant, versions }: Variant = {}) {
    this.#example = path.join(REPOSITORY, "examples", example);
    this.folder = path.join(PROJECTS, variant ? `${example}-${variant}` : example);
    this.#versions = versions;
  }

  /** Installs what the example's lock file pins, and the package. What is installed already stays. */
  async install(): Promise<void> {
    const manifest = JSON.parse(await readFile(path.join(this.#example, "package.json"), "utf8"));
    const lock = path.join(this.#example, "package-lock.json");
    const tarball = packed();
    manifest.dependencies["resnet-web"] = `file:${tarball}`;
    Object.assign(manifest.devDependencies ?? {}, this.#versions);
    const source = digest(
      JSON.stringify(manifest),
      existsSync(lock) ? readFileSync(lock) : "",
      readFileSync(tarball),
    );
    const stamp = path.join(this.folder, "node_modules", STAMP);
    const isInstalled = existsSync(stamp) && readFileSync(stamp, "utf8") === source;
    await mkdir(this.folder, { recursive: true });
    for (const entry of await readdir(this.folder)) {
      if (entry === "node_modules") continue;
      await rm(path.join(this.folder, entry), { recursive: true });
    }
    const filter = (file: string) => path.basename(file) !== "node_modules";
    await cp(this.#example, this.folder, { recursive: true, filter });
    await writeFile(path.join(this.folder, "package.json"), JSON.stringify(manifest));
    if (this.#versions) await rm(path.join(this.folder, "package-lock.json"), { force: true });
    if (isInstalled) return;
    await rm(path.join(this.folder, "node_modules", "resnet-web"), {
      recursive: true,
      force: true,
    });
    await this.run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund"]);
    await writeFile(stamp, source);
  }

  /** Puts the weight file where code finds it that runs in the project's folder. */
  async addWeights(): Promise<void> {
    const target = path.join(this.folder, WEIGHTS.address);
    await mkdir(path.dirname(target), { recursive: true });
    await copyFile(WEIGHTS.file, target);
  }

  /** Runs a command in the project, and returns what it prints. */
  async run(program: string, args: readonly string[]): Promise<string> {
    try {
      const options = { cwd: this.folder, env: ENVIRONMENT, maxBuffer: 1 << 26 };
      const { stdout } = await promisify(execFile)(program, args, options);
      return stdout;
    } catch (thrown) {
      const { stdout = "", stderr = "" } = thrown as { stdout?: string; stderr?: string };
      const output = `${stdout}\n${stderr}`.trim().split("\n").slice(-40).join("\n");
      throw new Error(`\`${[program, ...args].join(" ")}\` failed:\n${output}`);
    }
  }

  /** Starts a server of the project's by its script of that name, and returns its port once it answers. */
  async serve(script: string): Promise<number> {
    const port = await freePort();
    this.#server = spawn("npm", ["run", script, "--", "--port", String(port)], {
      cwd: this.folder,
      env: ENVIRONMENT,
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own, so that what npm starts ends, too.
      detached: true,
    });
    let output = "";
    for (const stream of [this.#server.stdout, this.#server.stderr]) {
      stream?.setEncoding("utf8").on("data", (text) => {
        output += text;
      });
    }
    for (let tries = 0; tries < 240; tries += 1) {
      if (this.#server.exitCode !== null) break;
      if (
        await fetch(`http://localhost:${port}/`).then(
          ({ ok }) => ok,
          () => false,
        )
      )
        return port;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    this.close();
    throw new Error(`\`npm run ${script}\` does not serve:\n${output}`);
  }

  /** Ends the server. */
  close(): void {
    if (this.#server?.pid && this.#server.exitCode === null) process.kill(-this.#server.pid);
    this.#server = undefined;
  }
}

/** The tarball that the tests' step has packed. */
function packed(): string {
  const folder = path.join(REPOSITORY, ".tools", "tarball");
  const [file] = existsSync(folder) ? readdirSync(folder) : [];
  if (!file) throw new Error("The package is not packed. Run `npm test -- --only examples`.");
  return path.join(folder, file);
}

function digest(...parts: (string | Buffer)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part).update("\0");
  return hash.digest("hex");
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
