/**
 * The custom element `<resnet-classifier>`: a place to drop or choose a photo, and what it shows.
 *
 * ```html
 * <script type="module">
 *   import "resnet-web/element";
 * </script>
 * <resnet-classifier weights="/models/resnet50.safetensors"></resnet-classifier>
 * ```
 *
 * To import it defines the element where there are custom elements, and does nothing on a server.
 *
 * @module resnet-web/element
 */

import { ResNetClassifierElement } from "./element";

export { ResNetClassifierElement, type ResNetClassifierEventMap } from "./element";
export type { ElementTexts } from "./texts";

if (typeof customElements !== "undefined" && !customElements.get("resnet-classifier")) {
  customElements.define("resnet-classifier", ResNetClassifierElement);
}

declare global {
  interface HTMLElementTagNameMap {
    "resnet-classifier": ResNetClassifierElement;
  }
}
