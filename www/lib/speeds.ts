import type { LoadRequest } from "../worker/session";
import type { DeviceReport, Speeds } from "./types";

/** The faster device. Where both take the same time, the one that leaves the processor to others. */
export function faster({ cpu, webgpu }: Speeds): DeviceReport["kind"] {
  return webgpu <= cpu ? "webgpu" : "cpu";
}

/** Whose speeds are remembered together: those of a weight file, calculated with in a certain way. */
export function speedsKey({ weights, choices }: LoadRequest): string {
  const file =
    typeof weights === "string" ? weights : `${choices.name ?? ""}, ${weights.size} bytes`;
  return ["resnet-web:speeds", file, choices.arithmetic ?? "f32"].join(" | ");
}

/** What was measured before with each adapter, if this browser remembers. */
export function recallSpeeds(key: string): Map<string, Speeds> {
  try {
    const kept = Object.entries(JSON.parse(localStorage.getItem(key) ?? "{}") ?? {});
    return new Map(kept.filter((entry): entry is [string, Speeds] => areSpeeds(entry[1])));
  } catch {
    return new Map();
  }
}

/** Remembers what was measured with an adapter. A browser that keeps nothing measures again. */
export function rememberSpeeds(key: string, adapter: string, { cpu, webgpu }: Speeds): void {
  try {
    const all = recallSpeeds(key).set(adapter, { cpu, webgpu });
    localStorage.setItem(key, JSON.stringify(Object.fromEntries(all)));
  } catch {
    // Nothing is lost but the time of another measurement.
  }
}

function areSpeeds(value: unknown): value is Speeds {
  const { cpu, webgpu } = (value ?? {}) as Partial<Speeds>;
  return [cpu, webgpu].every((time) => Number.isFinite(time) && (time ?? 0) > 0);
}
