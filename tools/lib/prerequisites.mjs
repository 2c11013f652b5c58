import { Fault } from "./fault.mjs";
import { answers } from "./query.mjs";

const OLDEST_NODE = "20.19.0";

const needed = [
  {
    name: "Rust with rustup (from https://rustup.rs)",
    // Not cargo: rustup's cargo only answers once the toolchain of this project is there.
    found: () => answers("rustup"),
  },
  {
    name: `Node ${OLDEST_NODE} or newer (from https://nodejs.org; this is ${process.versions.node})`,
    found: () => !olderThan(process.versions.node, OLDEST_NODE),
  },
  {
    name: "npm (it comes with Node, from https://nodejs.org)",
    found: () => answers("npm"),
  },
  {
    name: "a C compiler that answers to `cc` (Debian's package gcc)",
    found: () => answers("cc"),
  },
];

/** Throws a Fault naming everything this project cannot install for itself and does not find. */
export function checkPrerequisites() {
  const missing = needed.filter(({ found }) => !found()).map(({ name }) => name);
  if (missing.length > 0) {
    throw new Fault(`Please install ${listed(missing)}, then run this command again.`);
  }
}

/** Whether one dotted version number comes before another. */
export function olderThan(version, other) {
  return version.localeCompare(other, "en", { numeric: true }) < 0;
}

function listed(names) {
  return names.length === 1 ? names[0] : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
