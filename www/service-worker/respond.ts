import { within } from "./within";

/**
 * How long a request waits for the browser's storage before it goes to the network, in milliseconds. A file that is kept
 * comes within some tens of them.
 */
export const STORAGE_LIMIT = 3_000;

/** How long a request waits for the network where a kept file can take its place, in milliseconds. */
export const NETWORK_LIMIT = 10_000;

/** What the service worker knows when it is asked for something. Each step may fail, or never come to an end. */
export interface Keeper {
  /** The page's folder, as an address. */
  scope: string;
  /** Whether a file is one of the page's, by its address. */
  lists(address: string): boolean;
  /** The file as it is kept, if it is. */
  kept(address: string): Promise<Response | undefined>;
  /** Whether all files are kept. */
  isWhole(): Promise<boolean>;
  /** Whether it is to isolate the page. */
  isolates(): Promise<boolean>;
}

const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/**
 * Answers a request for the page, one of its files or a worker. Null for all others, which go their way as if there were
 * no service worker: weights, other origins, folders below, and whatever is asked for in ranges.
 */
export function respond(request: Request, keeper: Keeper): Promise<Response> | null {
  const url = new URL(request.url);
  url.hash = "";
  const isOwnOrigin = url.origin === new URL(keeper.scope).origin;
  if (request.method !== "GET" || !isOwnOrigin || request.headers.has("range")) return null;
  switch (request.destination) {
    case "document":
      return respondWithDocument(request, url, keeper);
    // Documents and workers alone decide on isolation.
    case "worker":
    case "sharedworker":
      return isolated(fromKept(request, url.href, keeper), keeper);
    default:
      return keeper.lists(url.href) ? fromKept(request, url.href, keeper) : null;
  }
}

function respondWithDocument(request: Request, url: URL, keeper: Keeper): Promise<Response> | null {
  const folder = new URL(".", url);
  // Pages in folders below are others, which may load what an isolated page must not.
  if (folder.href !== keeper.scope || url.searchParams.get("offline") === "off") return null;
  const file = new URL(url.pathname === folder.pathname ? "index.html" : url.pathname, folder).href;
  const response = document(request, file, keeper);
  return url.searchParams.get("isolation") === "off" ? response : isolated(response, keeper);
}

/** The page of this version, but only with all its files: else it may ask for some that the server has no more. */
async function document(request: Request, file: string, keeper: Keeper): Promise<Response> {
  if (await within(STORAGE_LIMIT, keeper.isWhole(), false)) return fromKept(request, file, keeper);
  const fetched = fetch(request);
  return (await within(NETWORK_LIMIT, fetched, null)) ?? orKept(fetched, keeper.kept(file));
}

/** The file as it is kept. From the network where it is not, or where the storage does not answer. */
async function fromKept(request: Request, file: string, keeper: Keeper): Promise<Response> {
  const kept = keeper.kept(file);
  return (await within(STORAGE_LIMIT, kept, undefined)) ?? orKept(fetch(request), kept);
}

/** What the network answers, or the kept file where that comes sooner, or there is no network. */
function orKept(
  fetched: Promise<Response>,
  kept: Promise<Response | undefined>,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    kept.then((response) => response && resolve(response)).catch(() => {});
    fetched.then(resolve, async (thrown) => {
      const late = await within(STORAGE_LIMIT, kept, undefined);
      if (late) resolve(late);
      else reject(thrown);
    });
  });
}

async function isolated(response: Promise<Response>, keeper: Keeper): Promise<Response> {
  const isolates = await within(STORAGE_LIMIT, keeper.isolates(), false);
  return isolates ? withHeaders(await response) : response;
}

function withHeaders(response: Response): Response {
  // Redirects, errors and opaque responses cannot be made anew.
  if (response.status === 0) return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(ISOLATION)) headers.set(name, value);
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}
