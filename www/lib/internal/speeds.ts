import type { LoadRequest } from "../../protocol/messages";
import type { DeviceReport, Speeds } from "../../protocol/types";

/** The faster device. Where both take the same time, the one that leaves the processor to others. */
export function faster({ cpu, webgpu }: Speeds): DeviceReport["kind"] {
  return webgpu <= cpu ? "webgpu" : "cpu";
}

/** Where all that is remembered is kept: a list, that measured last at its end. */
const ITEM = "resnet-web:speeds";
/** Of more models than this nothing is remembered: that measured longest ago goes. */
const MOST_MODELS = 16;
/** Addresses may be as long as a link makes them; of a longer key nothing is remembered. */
const LONGEST_KEY = 1000;

/** What was measured of a model with each adapter. */
type Kept = [key: string, adapters: Record<string, unknown>];

/** Whose speeds are remembered together: those of a weight file, calculated with in a certain way. */
export function speedsKey({ weights, choices }: Pick<LoadRequest, "weights" | "choices">): string {
  const file =
    typeof weights === "string" ? weights : `${choices.name ?? ""}, ${weights.size} bytes`;
  return `${file} | ${choices.arithmetic ?? "f32"}`;
}

/** What was measured before with each adapter, if this browser remembers. */
export function recallSpeeds(key: string): Map<string, Speeds> {
  const adapters = recallAll().find(([kept]) => kept === key)?.[1] ?? {};
  const entries = Object.entries(adapters);
  return new Map(entries.filter((entry): entry is [string, Speeds] => areSpeeds(entry[1])));
}

/** Remembers what was measured with an adapter. A browser that keeps nothing measures again. */
export function rememberSpeeds(key: string, adapter: string, { cpu, webgpu }: Speeds): void {
  if (key.length > LONGEST_KEY) return;
  const adapters = recallSpeeds(key).set(adapter, { cpu, webgpu });
  const others = recallAll().filter(([kept]) => kept !== key);
  const all: Kept[] = [...others, [key, Object.fromEntries(adapters)]];
  try {
    localStorage.setItem(ITEM, JSON.stringify(all.slice(-MOST_MODELS)));
    forgetItemsOfModels();
  } catch {
    // Nothing is lost but the time of another measurement.
  }
}

function recallAll(): Kept[] {
  try {
    const all: unknown = JSON.parse(localStorage.getItem(ITEM) ?? "[]");
    return Array.isArray(all) ? all.filter(isKept) : [];
  } catch {
    return [];
  }
}

/** Earlier versions kept an item for each model, without a limit. */
function forgetItemsOfModels(): void {
  for (const item of Object.keys(localStorage)) {
    if (item.startsWith(`${ITEM} |`)) localStorage.removeItem(item);
  }
}

function isKept(entry: unknown): entry is Kept {
  if (!Array.isArray(entry)) return false;
  const [key, adapters] = entry;
  return typeof key === "string" && typeof adapters === "object" && adapters !== null;
}

function areSpeeds(value: unknown): value is Speeds {
  const { cpu, webgpu } = (value ?? {}) as Partial<Speeds>;
  return [cpu, webgpu].every((time) => Number.isFinite(time) && (time ?? 0) > 0);
}
