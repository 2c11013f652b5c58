/**
 * Lets a page that the browser translates go on changing. Translators (Google's, Microsoft's) take text nodes out and put
 * `<font>` elements in their place, while Preact goes on writing into what was taken out, unseen.
 *
 * So each text node is put back in front of its translation, empty. As soon as it gets another text, or goes, so does the
 * translation; the new text is there for the translator to take up. When the translator shows the original again, the text
 * node takes over.
 */
export function surviveTranslation(root: Node): void {
  const translations = new WeakMap<Node, Element>();
  const originals = new WeakMap<Node, { node: Text; text: string }>();

  const putBack = (
    node: Text,
    { target, addedNodes, previousSibling, nextSibling }: MutationRecord,
  ) => {
    const translation = [...addedNodes, previousSibling, nextSibling].find(isTranslation);
    if (translation?.parentNode !== target) return;
    translations.set(node, translation);
    originals.set(translation, { node, text: node.data });
    node.data = "";
    translation.before(node);
  };

  /** Whether a text node has another text than its translation is of, or is gone. */
  const isOutdated = (node: Node) =>
    !node.isConnected || (node instanceof Text && node.data !== "");

  const drop = (node: Node, translation: Element) => {
    translations.delete(node);
    originals.delete(translation);
    translation.remove();
  };

  const restore = (translation: Element, { addedNodes }: MutationRecord) => {
    const original = originals.get(translation);
    if (!original) return;
    const { node, text } = original;
    for (const added of addedNodes) {
      if (added instanceof Text && added !== node) added.remove();
    }
    drop(node, translation);
    if (node.data === "") node.data = text;
  };

  new MutationObserver((records) => {
    for (const record of records) {
      for (const node of [record.target, ...record.removedNodes]) {
        const translation = translations.get(node);
        if (translation?.isConnected) {
          if (isOutdated(node)) drop(node, translation);
          else if (node.nextSibling !== translation) (node as Text).after(translation);
        } else if (record.type === "childList" && node !== record.target && !node.isConnected) {
          if (node instanceof Text) putBack(node, record);
          else if (isTranslation(node)) restore(node, record);
        }
      }
    }
  }).observe(root, { childList: true, characterData: true, subtree: true });
}

function isTranslation(node: Node | null | undefined): node is Element {
  return node instanceof Element && node.localName === "font";
}
