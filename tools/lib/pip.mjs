import { ensurePackages } from "./debian.mjs";
import { ask } from "./query.mjs";
import { run } from "./run.mjs";

/** Debian's pip, where no other Python is first on the PATH. */
const PIP = "/usr/bin/pip3";

/** Runs pip with wheels whose versions and hashes a file has: nothing else of PyPI is taken, and nothing of theirs is run. */
export async function pip(command, requirements, args, report) {
  if (!hasPip()) {
    await ensurePackages({ title: "pip", files: [PIP], packages: ["python3-pip"] }, report);
  }
  const trusted = ["--require-hashes", "--only-binary=:all:", "--no-deps"];
  const all = ["-m", "pip", command, ...trusted, ...args, "-r", requirements];
  await run("python3", all, { onLine: report });
}

function hasPip() {
  try {
    return ask("python3", ["-m", "pip", "--version"]).startsWith("pip ");
  } catch {
    return false;
  }
}
