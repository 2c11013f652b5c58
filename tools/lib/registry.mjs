import { existsSync, readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { Fault } from "./fault.mjs";
import { place } from "./places.mjs";
import { ask } from "./query.mjs";

const REFUSED = [401, 403, 404, 410];

/**
 * The download source (see download.mjs) of a package's tarball, in the registry npm is configured
 * for, with its proxy, certificates and credentials.
 */
export async function tarballSource(name, version, options) {
  // Not imported at the top: this module is loaded before `npm ci` has run.
  const { default: registryFetch } = await import("npm-registry-fetch");
  const tarball = `${name}/-/${name.split("/").at(-1)}-${version}.tgz`;

  return async (offset) => {
    const headers = { "accept-encoding": "identity", range: `bytes=${offset}-` };
    try {
      const response = await registryFetch(tarball, { ...options, headers });
      return { ...extentOf(response), body: response.body };
    } catch (error) {
      if (error.statusCode === 416) return { offset, total: offset, body: Readable.from([]) };
      if (REFUSED.includes(error.statusCode)) {
        throw new Fault(
          `The npm registry answers "${error.statusCode}" for ${name} ${version}; ` +
            "check with `npm config get registry` that npm uses a registry that has it.",
        );
      }
      throw error;
    }
  };
}

/** What npm is configured with, in the form npm's own libraries take. */
export function npmOptions() {
  const config = JSON.parse(ask("npm", ["config", "list", "--json"]));
  return {
    registry: config.registry,
    ca: config.cafile ? certificatesIn(readFileSync(config.cafile, "utf8")) : config.ca,
    cert: config.cert,
    key: config.key,
    proxy: config.proxy,
    httpsProxy: config["https-proxy"],
    noProxy: config.noproxy?.join(","),
    localAddress: config["local-address"],
    strictSSL: config["strict-ssl"],
    timeout: config["fetch-timeout"],
    // download.mjs does the retrying, and resumes while at it.
    retry: { retries: 0 },
    ...credentialsIn([config.globalconfig, config.userconfig, place(".npmrc")]),
  };
}

/** The per-registry lines of npmrc files ("//host/:_authToken=…"), which npm does not print. */
export function credentialsIn(files, env = process.env) {
  const credentials = {};
  for (const file of files.filter((file) => file && existsSync(file))) {
    for (const line of readFileSync(file, "utf8").split(/\r?\n/)) {
      const [, key, value] = line.match(/^\s*(\/\/[^=]+?)\s*=\s*(.*?)\s*$/) ?? [];
      if (!key) continue;
      const unquoted = value.replace(/^"(.*)"$/, "$1");
      credentials[key] = unquoted.replace(/\$\{([^}]+)\}/g, (whole, name) => env[name] ?? whole);
    }
  }
  return credentials;
}

/** Where a response's bytes begin in the file, and the size of the whole file. */
function extentOf(response) {
  const range = response.headers.get("content-range")?.match(/^bytes (\d+)-\d+\/(\d+)$/);
  if (response.status === 206 && range)
    return { offset: Number(range[1]), total: Number(range[2]) };
  const length = response.headers.get("content-length");
  return { offset: 0, total: length ? Number(length) : undefined };
}

function certificatesIn(pem) {
  return pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
}
