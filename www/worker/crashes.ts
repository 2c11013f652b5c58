import { toResNetError } from "../lib/errors";
import { type CrashNotice, post } from "./notices";

/**
 * Notices when the wasm code dies, and who was at work.
 *
 * A panic is not the only way: a lack of memory, a stack that is full and every other trap leave an instance behind whose
 * memory, locks and stack pointer nobody has put right. Whatever it answers afterwards is worth nothing.
 */
export class Crashes {
  readonly #post: (notice: CrashNotice) => void;
  /** The models at work, the newest last. */
  readonly #atWork: number[] = [];
  #isDead = false;

  constructor(post: (notice: CrashNotice) => void) {
    this.#post = post;
  }

  /** Whether the code has died in this worker. */
  get isDead(): boolean {
    return this.#isDead;
  }

  /** Has a model do something; if the code dies of it, the notice names that model. */
  async during<T>(model: number, work: () => T | Promise<T>): Promise<T> {
    this.#atWork.push(model);
    try {
      return await work();
    } finally {
      // The culprit has been named by then, if there was one.
      this.#atWork.splice(this.#atWork.lastIndexOf(model), 1);
    }
  }

  /** Says that the code has died; the first word counts. */
  tell(message: string): void {
    if (this.#isDead) return;
    this.#isDead = true;
    const model = this.#atWork.at(-1);
    this.#post(model === undefined ? { crashed: message } : { crashed: message, model });
  }

  /** A module whose every export tells of a trap, and is not entered again after one. Its classes are changed in place. */
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
      if (isTrap(thrown)) crashes.tell(toResNetError(thrown).message);
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

/** Whether what came out of wasm is no error that it returned, but its end. */
export function isTrap(thrown: unknown): boolean {
  if (thrown instanceof WebAssembly.RuntimeError) return true;
  // A full stack is no trap by name: RangeError in most browsers, InternalError in Firefox.
  return thrown instanceof RangeError || (thrown as Error | null)?.name === "InternalError";
}

// biome-ignore lint/complexity/noBannedTypes: any function.
function isClass(exported: Function): boolean {
  return Object.getOwnPropertyDescriptor(exported, "prototype")?.writable === false;
}
