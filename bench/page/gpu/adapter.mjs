/** What is shown of the adapter, by the names of GPUAdapterInfo. */
const SAID = [
  "vendor",
  "architecture",
  "device",
  "description",
  "subgroupMinSize",
  "subgroupMaxSize",
  "isFallbackAdapter",
];

/** What WebGPU reports about the adapter that the contenders compute on, or `failure`: why there is none. */
export async function readAdapter() {
  if (!navigator.gpu) return { failure: "This browser has no WebGPU, or not on this page." };
  try {
    const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
    if (!adapter) return { failure: "WebGPU gives no adapter." };
    const { info, features, limits } = adapter;
    // All of these are on prototypes, where JSON would not see them.
    const said = Object.fromEntries(SAID.map((name) => [name, info[name]]));
    const values = {};
    for (const name in limits) {
      if (typeof limits[name] === "number") values[name] = limits[name];
    }
    return { ...said, features: [...features].sort(), limits: values };
  } catch (error) {
    return { failure: error.message };
  }
}
