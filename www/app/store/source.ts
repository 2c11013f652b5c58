import { batch, signal } from "@preact/signals";
import type { CameraStore } from "./camera";
import { createTakeFiles } from "./files";
import type { ModelStore } from "./model";
import type { Photo, PhotoStore } from "./photo";

/** Where photos come from. */
export type SourceStore = ReturnType<typeof createSource>;

/** Brings photos, weights and descriptions to their places. A photo, wherever it comes from, takes the camera's place. */
export function createSource(
  { open, describe }: Pick<ModelStore, "open" | "describe">,
  photo: Pick<PhotoStore, "show">,
  camera: Pick<CameraStore, "on" | "error">,
) {
  /** Why there is no photo. */
  const fault = signal<string | null>(null);
  /** Which files of those that came last are not used. */
  const unused = signal<string | null>(null);
  /** Photos that came together. */
  const many = signal<readonly File[] | null>(null);

  /** Counts choices: of what is under way only the newest is shown. */
  let newest = 0;
  function beginTurn(): () => boolean {
    newest += 1;
    const turn = newest;
    return () => turn !== newest;
  }

  function setCamera(on: boolean): void {
    batch(() => {
      camera.on.value = on;
      camera.error.value = null;
      fault.value = null;
    });
  }

  function show(chosen: Photo): void {
    batch(() => {
      setCamera(false);
      photo.show(chosen);
    });
  }

  function fail(message: string | null): void {
    fault.value = message;
  }

  return {
    fault,
    unused,
    many,
    switchCamera(on: boolean) {
      beginTurn();
      setCamera(on);
    },
    show(chosen: Photo) {
      beginTurn();
      show(chosen);
    },
    /** Shows a photo that is still to come, or says why it does not, unless something else is chosen meanwhile. */
    async showWhenHere(coming: Promise<Photo>) {
      const isOvertaken = beginTurn();
      try {
        const chosen = await coming;
        if (!isOvertaken()) show(chosen);
      } catch (thrown) {
        if (!isOvertaken()) fail((thrown as Error).message);
      }
    },
    fail,
    /** The camera stops, and says why. */
    endCamera(message: string) {
      batch(() => {
        camera.on.value = false;
        fault.value = message;
      });
    },
    dismissFault: () => fail(null),
    dismissUnused() {
      unused.value = null;
    },
    closeMany() {
      many.value = null;
    },
    takeFiles: createTakeFiles(
      {
        onWeights: open,
        onDescriptions: describe,
        onPhoto: show,
        onMany(files) {
          batch(() => {
            setCamera(false);
            many.value = files;
          });
        },
        onUnused(message, all) {
          batch(() => {
            fault.value = all ? message : null;
            unused.value = all ? null : message;
          });
        },
      },
      beginTurn,
    ),
  };
}
