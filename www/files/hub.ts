/** The Hugging Face Hub, where most published weights are. It answers pages of every origin. */
export const HUB = "https://huggingface.co";

/** Hosts of the hub's pages. */
const HUB_HOST = /^(www\.)?(huggingface\.co|hf\.co)$/;
/** `hf:owner/name@revision/file`, of which revision and file may be left out. */
const SHORT = /^hf:(?:\/\/)?([^/@?#]+)\/([^/@?#]+)(?:@([^/?#]+))?(?:\/([^?#]+?))?\/?$/i;
/** The page of a model, or of the files of one of its revisions. */
const MODEL_PAGE = /^\/([^/]+)\/([^/]+)(?:\/tree\/([^/]+)(?:\/.*)?)?\/?$/;
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

/** Whether an address has the form `hf:owner/name@revision/file`. */
export function isHubName(address: string | URL): boolean {
  return SHORT.test(String(address).trim());
}

/** Writes an address of the form `hf:owner/name@revision/file` out; any other stays as it is. */
export function withoutShortForm(address: string, hub: string): string {
  const [, owner, name, revision = "main", file] = SHORT.exec(address.trim()) ?? [];
  if (owner === undefined || name === undefined) return address;
  const part = file === undefined ? "tree" : "resolve";
  const rest = file === undefined ? "" : `/${file}`;
  return `${hub}/${owner}/${name}/${part}/${revision}${rest}`;
}

/** The page about the files of a model, where an address is one of the model's pages; else null. */
export function repositoryPage(url: URL, hub: string): string | null {
  if (!HUB_HOST.test(url.hostname) && url.origin !== hub) return null;
  const [, owner, name, revision = "main"] = MODEL_PAGE.exec(url.pathname) ?? [];
  if (owner === undefined || name === undefined || NO_OWNERS.has(owner)) return null;
  return `${url.origin === hub ? hub : HUB}/${owner}/${name}/tree/${revision}`;
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

/** Names of weight files, the one that is most likely meant first. */
const WEIGHTS = [
  /^model\.safetensors$/,
  /^pytorch_model\.bin$/,
  /\.safetensors$/,
  /\.(bin|pth|pt|ckpt)$/,
  /\.(onnx|bpk)$/,
];
/** Parts of weights, and what a training leaves beside them. */
const NO_WEIGHTS = /-\d{5}-of-\d{5}\.|(^|\/)(optimizer|scheduler|scaler|training_args|rng_state)/;

/** The name among a repository's files of its weights: rather in its root than in a folder; undefined where there are none. */
export function weightsAmong(names: readonly string[]): string | undefined {
  const candidates = names.filter((name) => !NO_WEIGHTS.test(name));
  const depth = (name: string) => name.split("/").length;
  candidates.sort((one, other) => depth(one) - depth(other));
  for (const kind of WEIGHTS) {
    const found = candidates.find((name) => kind.test(name));
    if (found !== undefined) return found;
  }
  return undefined;
}
