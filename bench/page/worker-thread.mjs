/** A thread of this project's module: it joins the thread pool and works until it is terminated. */
self.addEventListener("message", async ({ data: { folder, module, memory } }) => {
  const { initSync, joinThreadPool, runWorkerThread } = await import(`${folder}/resnet_web.js`);
  initSync({ module, memory });
  const place = joinThreadPool();
  self.postMessage("joined");
  runWorkerThread(place);
});
