import { syncBuiltinESMExports } from "node:module";

/** Has a function of a built-in module replaced until the test ends, for everything that imports it. */
export function mockBuiltin(t, module, name, implementation) {
  const { mock } = t.mock.method(module, name, implementation);
  syncBuiltinESMExports();
  t.after(() => {
    mock.restore();
    syncBuiltinESMExports();
  });
}
