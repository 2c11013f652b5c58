import { HUB, type HubRepository, hubRepository, weightsAmong } from "../../files/hub";
import { ResNetError } from "../../protocol/errors";
import { BESIDE, besideAddresses } from "./beside";
import { isManifest } from "./manifest";
import { interruptionOf, send } from "./request";
import type { RetryPolicy } from "./retry-policy";
import { fetchSmall } from "./small-file";

/** Where weights are, and where files may be that describe them. */
export interface WeightPlace {
  url: string;
  beside: string[];
}

/** Longer lists are something else: a file's name takes some 40 bytes. */
const LONGEST = 4 << 20;
/** Names of weights that are tried where the hub lists no files. */
const TRIED = ["model.safetensors", "pytorch_model.bin", "model.onnx"];
/** Names that an error lists at most. */
const MOST_NAMED = 10;

/**
 * Finds the weight file of an address: that of a file itself, or the page of a repository on the hub, whose files are listed.
 * A manifest's file describes itself.
 *
 * @param kept finds a file that is kept and whose address begins so: that has to do where the hub cannot be reached
 * @param hub the origin of the Hugging Face Hub
 * @throws ResNetError `weights-download`
 */
export async function weightPlace(
  url: string,
  signal: AbortSignal,
  retryPolicy: RetryPolicy,
  kept: (files: string) => Promise<string | null>,
  hub = HUB,
): Promise<WeightPlace> {
  const repository = hubRepository(url, hub);
  if (!repository) return { url, beside: isManifest(url) ? [] : besideAddresses(url) };
  let names: string[] | null;
  try {
    names = await listed(repository, signal, retryPolicy);
  } catch (thrown) {
    const { files } = repository;
    const address = interruptionOf(thrown) ? await kept(files) : null;
    if (address === null) throw thrown;
    return { url: address, beside: besideAddresses(files) };
  }
  if (!names) return tried(repository, signal, retryPolicy);
  const [weights, ...others] = weightsAmong(names);
  if (weights === undefined) {
    const some = names.slice(0, MOST_NAMED).join(", ");
    throw new ResNetError(
      "weights-download",
      `${repository.name} holds no weight file of a kind that is read, such as model.safetensors, pytorch_model.bin or a .pth file. Its files: ${some}. Give the address of a file.`,
    );
  }
  if (others.length > 0) {
    const some = [weights, ...others].slice(0, MOST_NAMED).join(", ");
    throw new ResNetError(
      "weights-download",
      `${repository.name} holds several weight files: ${some}. Give the address of one of them, such as ${new URL(weights, repository.files)}.`,
    );
  }
  const beside = BESIDE.filter((name) => names.includes(name));
  return placeIn(repository, weights, beside);
}

function placeIn(
  { files }: HubRepository,
  weights: string,
  beside: readonly string[],
): WeightPlace {
  // Weights in a folder, such as onnx/, are described by the files in the root.
  return { url: new URL(weights, files).href, beside: besideAddresses(files, beside) };
}

/** The names of a repository's files; null where the hub does not list them, for a reason of its own. */
async function listed(
  { name, list }: HubRepository,
  signal: AbortSignal,
  retryPolicy: RetryPolicy,
): Promise<string[] | null> {
  let file: Blob;
  try {
    const request = { url: list, what: "a list of files", most: LONGEST, signal } as const;
    file = await fetchSmall(request, retryPolicy);
  } catch (thrown) {
    signal.throwIfAborted();
    if (interruptionOf(thrown)?.answered) return null;
    if (interruptionOf(thrown)) throw thrown;
    throw new ResNetError(
      "weights-download",
      `There is no public model ${name}, or no such revision of it, at ${new URL(list).host}: it may be misspelt, private or gated. Check the name, or download the file and choose it.`,
      { cause: thrown },
    );
  }
  try {
    const { siblings } = JSON.parse(await file.text()) as { siblings: { rfilename: unknown }[] };
    return siblings.map(({ rfilename }) => rfilename).filter((name) => typeof name === "string");
  } catch {
    return null;
  }
}

/** The first of the usual names that is there. */
async function tried(
  repository: HubRepository,
  signal: AbortSignal,
  retryPolicy: RetryPolicy,
): Promise<WeightPlace> {
  const { silence } = retryPolicy;
  for (const name of TRIED) {
    const place = placeIn(repository, name, BESIDE);
    try {
      const { stop } = await send(
        { url: place.url, what: "weights", method: "HEAD", cache: "no-store", silence, signal },
        retryPolicy,
      );
      stop();
      return place;
    } catch {
      signal.throwIfAborted();
    }
  }
  throw new ResNetError(
    "weights-download",
    `The files of ${repository.name} are not listed by ${new URL(repository.list).host}, and it holds none of ${TRIED.join(", ")}. Give the address of a file.`,
  );
}
