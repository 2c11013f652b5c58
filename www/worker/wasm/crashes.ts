import { toResNetError } from "../../protocol/errors";
import type { CrashNotice } from "../../protocol/messages";
import { post } from "../post";

/**
 * Reports when the wasm code dies, with the model that was at work.
 *
 * A panic is not the only way. Out of memory, stack overflow and every other trap leave the instance in an undefined state:
 * memory is not freed, locks stay taken, the stack pointer is not reset. So it must not be called again.
 */
export class Crashes {
  readonly #post: (notice: CrashNotice) => void;
  /** The ids of the models at work, the newest last. */
  readonly #atWork: number[] = [];
  #isDead = false;

  constructor(post: (notice: CrashNotice) => void) {
    this.#post = post;
  }

  /** Whether the code has died in this worker. */
  get isDead(): boolean {
    return this.#isDead;
  }

  /** Does work of a model; if the code dies meanwhile, the notice has that model's id. */
  async during<T>(model: number, work: () => T | Promise<T>): Promise<T> {
    this.#atWork.push(model);
    try {
      return await work();
    } finally {
      // By now a crash has been reported.
      this.#atWork.splice(this.#atWork.lastIndexOf(model), 1);
    }
  }

  /** Reports that the code has died. Only the first report counts. */
  report(message: string): void {
    if (this.#isDead) return;
    this.#isDead = true;
    const model = this.#atWork.at(-1);
    this.#post(model === undefined ? { crashed: message } : { crashed: message, model });
  }

  /** Makes every export of a module report traps, and throw without entering wasm after one. Classes are changed in place. */
  guard<M extends object>(module: M): M {
    const exports = Object.entries(module).map(([name, exported]) => {
      if (typeof exported !== "function") return [name, exported];
      if (!isClass(exported)) return [name, this.#guarded(exported)];
      this.#guardMembers(exported);
      this.#guardMembers(exported.prototype);
      return [name, exported];
    });
    return Object.fromEntries(exports);
  }

  #guardMembers(holder: object): void {
    for (const [name, member] of Object.entries(Object.getOwnPropertyDescriptors(holder))) {
      if (name === "constructor" || !member.configurable) continue;
      if (typeof member.value === "function") member.value = this.#guarded(member.value);
      if (member.get) member.get = this.#guarded(member.get);
      Object.defineProperty(holder, name, member);
    }
  }

  #guarded<F extends (...values: never[]) => unknown>(call: F): F {
    const crashes = this;
    const fails = (thrown: unknown): never => {
      if (isTrap(thrown)) crashes.report(toResNetError(thrown).message);
      throw thrown;
    };
    return function (this: unknown, ...values: never[]) {
      if (crashes.#isDead) throw new Error("The code that runs the network has died.");
      try {
        const result = call.apply(this, values);
        return result instanceof Promise ? result.catch(fails) : result;
      } catch (thrown) {
        return fails(thrown);
      }
    } as F;
  }
}

/** The one of this worker. */
export const crashes = new Crashes(post);

/** Whether an exception from wasm is a trap, after which the instance is dead, rather than an error it returned. */
export function isTrap(thrown: unknown): boolean {
  if (thrown instanceof WebAssembly.RuntimeError) return true;
  // Stack overflow is a RangeError in most browsers, and an InternalError in Firefox.
  return thrown instanceof RangeError || (thrown as Error | null)?.name === "InternalError";
}

// biome-ignore lint/complexity/noBannedTypes: any function.
function isClass(exported: Function): boolean {
  return Object.getOwnPropertyDescriptor(exported, "prototype")?.writable === false;
}
