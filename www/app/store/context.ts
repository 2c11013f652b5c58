import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Store } from "./store";

const Context = createContext<Store | null>(null);

/** Gives everything below it the page's store. */
export const StoreProvider = Context.Provider;

/** The page's store. */
export function useStore(): Store {
  const store = useContext(Context);
  if (!store) throw new Error("There is no StoreProvider above this component.");
  return store;
}
