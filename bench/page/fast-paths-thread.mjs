/** A thread of bench/fast-paths. */
self.addEventListener("message", async ({ data: { folder, shared } }) => {
  const { initSync, join, work } = await import(`${folder}/fast_paths.js`);
  initSync(shared);
  const index = join();
  self.postMessage("joined");
  work(index);
});
