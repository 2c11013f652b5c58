// @vitest-environment happy-dom
import { expect, it, vi } from "vitest";
import { createFakeClassifier } from "../testing";
import { ResNetClassifierElement } from ".";
import manifest from "./custom-elements.json";
import { STYLES } from "./styles";

// Editors and documentation read the manifest, which has to say what the element is.

vi.mock("resnet-web", async (original) => ({
  ...(await original<object>()),
  createClassifier: async () => createFakeClassifier(),
}));

const [declared] = manifest.modules[0]?.declarations ?? [];
const names = (things: readonly { name: string }[] | undefined) =>
  things?.map(({ name }) => name).sort();

it("the manifest has what the element has", async () => {
  const element = document.createElement("resnet-classifier");
  const heard = new Set<string>();
  for (const { name } of declared?.events ?? []) {
    element.addEventListener(name, () => heard.add(name));
  }
  element.setAttribute("weights", "w");
  document.body.append(element);
  await vi.waitFor(() => expect(element.classifier).not.toBeNull());
  await element.classify("cat.png");
  const all = [...(element.shadowRoot?.querySelectorAll("[part], slot") ?? [])];
  const parts = new Set(all.flatMap((node) => node.getAttribute("part") ?? []));
  const slots = all.flatMap((node) => (node instanceof HTMLSlotElement ? node.name : []));
  const properties = new Set([...STYLES.matchAll(/(--resnet-[\w-]+):/g)].map(([, name]) => name));
  expect({
    tag: declared?.tagName,
    attributes: names(declared?.attributes),
    members: names(declared?.members)?.filter((name) => !(name in element)),
    heard: [...heard],
    parts: names(declared?.cssParts),
    slots: names(declared?.slots),
    properties: names(declared?.cssProperties),
  }).toEqual({
    tag: "resnet-classifier",
    attributes: [...ResNetClassifierElement.observedAttributes].sort(),
    members: [],
    heard: ["ready", "result"],
    parts: [...parts].sort(),
    slots: slots.sort(),
    properties: [...properties].sort(),
  });
  element.remove();
});
