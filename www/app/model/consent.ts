import { type Classifier, fileAddress, type WeightSource, type WeightsPreview } from "resnet-web";
import { note, noted } from "../storage";

const KEY = "resnet-web:allowed-weights";
/** Of more addresses than this the page asks once more. */
const MOST = 16;

/** Weights of another origin, which are asked for before they are downloaded. */
export interface Question extends Omit<WeightsPreview, "kept"> {
  /** The address that is to be allowed. */
  address: string;
}

/**
 * What to ask a person before weights are loaded. Null for files, for addresses of the page's own origin, for what the
 * browser keeps already and for what was allowed in this visit.
 *
 * @param page the page's address
 * @throws ResNetError `address`, where browsers fetch nothing from the address
 */
export async function questionBefore(
  source: WeightSource,
  page: string,
  classifier: Pick<Classifier, "previewWeights">,
): Promise<Question | null> {
  if (source instanceof Blob) return null;
  const address = fileAddress(source, page);
  if (new URL(address).origin === new URL(page).origin) return null;
  if (allowed().includes(address)) return null;
  const { kept, ...ahead } = await classifier.previewWeights(address);
  return kept ? null : { ...ahead, address };
}

/** Allows weights to be downloaded from an address as long as the tab is open. */
export function allow(address: string): void {
  note("sessionStorage", KEY, JSON.stringify([...allowed(), address].slice(-MOST)));
}

function allowed(): unknown[] {
  try {
    const addresses: unknown = JSON.parse(noted("sessionStorage", KEY) ?? "[]");
    return Array.isArray(addresses) ? addresses : [];
  } catch {
    return [];
  }
}
