/** A thread of this project's module: it joins the helpers and then helps for as long as there is work. */
self.addEventListener("message", async ({ data: { folder, module, memory } }) => {
  const { help, initSync, joinHelpers } = await import(`${folder}/resnet_web.js`);
  initSync({ module, memory });
  const place = joinHelpers();
  self.postMessage("joined");
  help(place);
});
