/** The Hugging Face Hub, where most published weights are. It answers pages of every origin. */
export const HUB = "https://huggingface.co";

/** Hosts of the hub's pages. */
const HUB_HOST = /^(www\.)?(huggingface\.co|hf\.co)$/;
/** What short addresses begin with: that of Hugging Face's own tools, or timm's. */
const PREFIX = /^hf(?:[-_]hub)?:/i;
/** A revision, also one of a pull request or of a conversion, whose slashes need not be written as `%2F`. */
const REVISION = "refs/(?:pr|convert)/[^/?#]+|[^/?#]+";
/** `owner/name@revision/file`, of which revision and file may be left out. */
const SHORT = new RegExp(
  String.raw`^(?:\/\/)?([\w.-]+)\/([\w.-]+)(?:@(${REVISION}))?(?:\/([^?#]+?))?\/?(?:[?#].*)?$`,
  "s",
);
/** A part of a path that is none: addresses drop it, with the part before. */
const DOTS = /(^|[\\/])(\.|%2e){1,2}([\\/]|$)/i;
/** The page of a model, or of the files of one of its revisions. */
const MODEL_PAGE = new RegExp(`^/([^/]+)/([^/]+)(?:/tree/(${REVISION})(?:/.*)?)?/?$`);
/** What stands in an owner's place in the addresses of other pages. */
const NO_OWNERS = new Set(
  "api blog collections datasets docs learn models organizations papers posts settings spaces tasks".split(
    " ",
  ),
);

/** A model's repository on the hub, at a revision. */
export interface HubRepository {
  /** `owner/name`. */
  name: string;
  /** Where the hub lists its files. */
  list: string;
  /** The address that all of its files' addresses begin with. */
  files: string;
}

/** Whether an address begins as `hf:owner/name@revision/file` does. */
export function isHubName(address: string | URL): boolean {
  return PREFIX.test(String(address).trim());
}

/** Writes an address of the form `hf:owner/name@revision/file` out; null for one that only begins so. Any other stays as it is. */
export function withoutShortForm(address: string, hub: string): string | null {
  if (!isHubName(address)) return address;
  const short = address.trim().replace(PREFIX, "");
  const [, owner, name, revision = "main", file] = SHORT.exec(short) ?? [];
  const parts = [owner, name, revision, file ?? ""];
  // The other revisions there are branches and tags, which have names without it.
  if (revision === "refs") return null;
  if (owner === undefined || parts.some((part) => DOTS.test(part ?? ""))) return null;
  const place = file === undefined ? "tree" : "resolve";
  const rest = file === undefined ? "" : `/${file}`;
  return `${hub}/${owner}/${name}/${place}/${inOnePart(revision)}${rest}`;
}

/** A revision as one part of a path. */
const inOnePart = (revision: string) => revision.replaceAll("/", "%2F");

/** The page about the files of a model, where an address is one of the model's pages; else null. */
export function repositoryPage(url: URL, hub: string): string | null {
  if (!HUB_HOST.test(url.hostname) && url.origin !== hub) return null;
  const [, owner, name, revision = "main"] = MODEL_PAGE.exec(url.pathname) ?? [];
  if (owner === undefined || name === undefined || NO_OWNERS.has(owner)) return null;
  return `${url.origin === hub ? hub : HUB}/${owner}/${name}/tree/${inOnePart(revision)}`;
}

/** The repository whose page has this address, as {@link repositoryPage} gives it; null for the address of a file. */
export function hubRepository(url: string, hub = HUB): HubRepository | null {
  const { origin, pathname } = new URL(url);
  const [, owner, name, revision] = /^\/([^/]+)\/([^/]+)\/tree\/([^/]+)$/.exec(pathname) ?? [];
  if (origin !== hub || revision === undefined) return null;
  return {
    name: `${owner}/${name}`,
    list: `${hub}/api/models/${owner}/${name}/revision/${revision}`,
    files: `${hub}/${owner}/${name}/resolve/${revision}/`,
  };
}

/** Names of weight files, those that are most likely meant first. */
const WEIGHTS = [
  /^model\.safetensors$/i,
  /^pytorch_model\.bin$/i,
  /\.safetensors$/i,
  /\.(pth|pt|ckpt)(\.tar)?$/i,
  /\.onnx$/i,
  /\.bin$/i,
  /\.(pkl|bpk)$/i,
];
/** The usual name among several of a kind. */
const USUAL = /(^|\/)(pytorch_)?model\.[^/]+$/i;
/** Parts of weights, what a training leaves beside them, and other programs' files. */
const NO_WEIGHTS =
  /-\d{5}-of-\d{5}\.|(^|\/)(optimizer|scheduler|scaler|training_args|rng_state|events|vocab|tokenizer|openvino)[^/]*$/i;

/**
 * The names among a repository's files of its weights: rather in its root than in a folder. None where there are none; several
 * where they are of one kind and none has the usual name.
 */
export function weightsAmong(names: readonly string[]): string[] {
  const candidates = names.filter((name) => !NO_WEIGHTS.test(name));
  const depth = (name: string) => name.split("/").length;
  for (const kind of WEIGHTS) {
    const ofKind = candidates.filter((name) => kind.test(name));
    const least = Math.min(...ofKind.map(depth));
    const found = ofKind.filter((name) => depth(name) === least);
    const usual = found.find((name) => USUAL.test(name));
    if (found.length > 0) return usual === undefined ? found : [usual];
  }
  return [];
}
