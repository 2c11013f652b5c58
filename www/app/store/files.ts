import { externalDataNames } from "resnet-web";
import { kindOf } from "../source/kind";
import { type Found, sortDropped } from "../source/sort";
import { unusedText } from "../source/unused";
import { strings } from "../strings";
import type { Photo } from "./photo";

const text = strings.source;

/** Where files go to. */
interface Destinations {
  /** Loads weights, of which a part may be in other files. Returns whether they are in use now. */
  onWeights: (file: File, external: File[]) => Promise<boolean>;
  /** Takes labels, and other descriptions of a model. */
  onDescriptions: (files: File[]) => Promise<void>;
  onPhoto: (photo: Photo) => void;
  /** Takes several photos at once. */
  onMany: (files: File[]) => void;
  /** Called with what was not used, null for nothing, and whether that is everything. */
  onUnused: (message: string | null, all: boolean) => void;
}

/** Takes files that came together, and paths of those that could not be read. */
export type TakeFiles = (files: readonly File[], unread?: readonly string[]) => Promise<void>;

/** Begins a turn: whatever was chosen before is overtaken. Returns whether this one is by now. */
export type BeginTurn = () => () => boolean;

/**
 * Finds out what files are for, and brings each to its place: weights first, then what describes them, then the photos, so that
 * these are classified by the model they came with. What is chosen later replaces files that are still under way.
 */
export function createTakeFiles(destinations: Destinations, beginTurn: BeginTurn): TakeFiles {
  const { onWeights, onDescriptions, onPhoto, onMany, onUnused } = destinations;
  return async (files, unread = []) => {
    const isOvertaken = beginTurn();
    const found = await Promise.all(files.map(recognised));
    if (isOvertaken()) return;

    const { weights, external, labels, configurations, photos, ...sorted } = sortDropped(found);
    const unused = [
      ...sorted.unused,
      ...unread.map((name) => ({ name, why: "unreadable" as const })),
    ];
    const isAll = unused.length === files.length + unread.length;
    const say = isAll ? text.unused.all : text.unused.some;
    onUnused(unused.length > 0 ? say(unusedText(unused)) : null, isAll);
    // Labels of weights that were not loaded are not those of the model that is there.
    const isLoaded = !weights || (await onWeights(weights, external));
    const descriptions = [...(labels ? [labels] : []), ...configurations];
    if (descriptions.length > 0 && isLoaded && !isOvertaken()) await onDescriptions(descriptions);
    if (isOvertaken()) return;
    const [photo, ...others] = photos;
    if (others.length > 0) onMany(photos);
    else if (photo) onPhoto({ blob: photo, name: photo.name || text.pasted });
  };
}

async function recognised(file: File): Promise<Found> {
  try {
    const kind = await kindOf(file);
    if (kind !== "weights") return { file, kind };
    return { file, kind, external: await externalDataNames(file) };
  } catch {
    return { file, kind: "unreadable" };
  }
}
