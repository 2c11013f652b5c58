import { ResNetError } from "../protocol/errors";
import { HUB, repositoryPage, withoutShortForm } from "./hub";

/** Characters of an address that an error's text shows at most. */
const MOST_SHOWN = 200;

/** Pages of hubs about a file, and where the file itself is. Each of these answers other origins. */
const HUB_PAGES: readonly { host: RegExp; page: RegExp; file: string }[] = [
  {
    host: /^(www\.)?(huggingface\.co|hf\.co)$/,
    page: /^((?:\/[^/]+){1,3}?)\/blob\/(.+)$/,
    file: "$1/resolve/$2",
  },
  {
    host: /^(www\.)?github\.com$/,
    page: /^(\/[^/]+\/[^/]+)\/(?:blob|raw)\/(.+)$/,
    file: "https://raw.githubusercontent.com$1/$2",
  },
];

/**
 * The whole address that a file is fetched from: what the library makes of each address that it is given. User and password are
 * dropped, since browsers fetch from no address that has them, and a hub's page about a file becomes the file. `hf:owner/name`
 * and the pages of a model on the Hugging Face Hub become the page of its files, among which its weights are looked for.
 *
 * @param base what a relative address is relative to
 * @param hub the origin of the Hugging Face Hub
 * @throws ResNetError `address`, where browsers fetch nothing from such an address
 */
export function fileAddress(address: string | URL, base: string, hub = HUB): string {
  const written = withoutShortForm(String(address), hub);
  if (written === null) {
    throw new ResNetError(
      "address",
      `“${shortened(String(address))}” names no model on the Hugging Face Hub. Write hf:owner/name, such as hf:timm/resnet18.a1_in1k; @revision and /file may follow.`,
    );
  }
  const url = parsed(written, base);
  if (!url) {
    throw new ResNetError(
      "address",
      `“${shown(String(address))}” is no address. Give one like https://example.org/model.safetensors.`,
    );
  }
  const own = new URL(base);
  const isOwnBlob = url.protocol === "blob:" && url.origin === own.origin;
  // Such as a file of the extension that the page belongs to.
  const isOwnFile = url.host !== "" && url.host === own.host && url.protocol === own.protocol;
  if (!isOwnBlob && !isOwnFile && url.protocol !== "https:" && url.protocol !== "http:") {
    throw new ResNetError(
      "address",
      `Files are loaded from addresses that begin with https:// or http://, and this one begins with ${shown(url.protocol)} Give another address, or choose the file itself.`,
    );
  }
  url.username = "";
  url.password = "";
  const repository = repositoryPage(url, hub);
  if (repository !== null) return repository;
  const about = HUB_PAGES.find(
    ({ host, page }) => host.test(url.hostname) && page.test(url.pathname),
  );
  if (!about) return url.href;
  const file = new URL(url.pathname.replace(about.page, about.file), url);
  file.search = file.host === url.host ? url.search : "";
  return file.href;
}

/** A file's own name: the last part of its address. */
export function fileName(url: string): string {
  const { pathname, hostname } = new URL(url);
  const last = pathname.split("/").filter(Boolean).at(-1) ?? hostname;
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

function parsed(address: string | URL, base: string): URL | null {
  try {
    return new URL(address, base);
  } catch {
    return null;
  }
}

/** An address without user and password. */
function shown(address: string): string {
  return shortened(address.replace(/^.*@/s, ""));
}

function shortened(text: string): string {
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}
