import { existsSync, readdirSync } from "node:fs";
import { Fault } from "../../tools/lib/fault.mjs";
import { place } from "../../tools/lib/places.mjs";
import { openPage, withBrowser } from "./browser.mjs";

/** The smallest module that calculates in eight bits. */
const MODULE = "www/wasm/cpu-relaxed";
const WEIGHTS = "www/public/weights/resnet50.safetensors";
const PHOTOS = "www/public/photos";

/** Sides of the square crops, as parts of a photo's short side. */
const SCALES = [1, 0.8, 0.6, 0.45];
/** Where the crops lie in the room there is for them, on each axis. */
const PLACES = [0, 0.5, 1];
const BRIGHTNESSES = [0.7, 1, 1.3];

/**
 * Classifies every view of the photos in both arithmetics. Returns for each view what it is of, f32's
 * first class and int8's, f32's probability of f32's first class, and int8's of that same class with
 * its rank among int8's classes.
 */
export async function measureAgreement({ server, report }) {
  for (const needed of [MODULE, WEIGHTS]) {
    if (!existsSync(place(needed))) throw new Fault(`${needed} is not here; see --help.`);
  }
  const names = readdirSync(place(PHOTOS)).filter((name) => name.endsWith(".png"));
  return withBrowser(async (browser) => {
    const page = await openPage(browser, `${server.address}/bench/page/agreement.html`);
    const photos = names.map((name) => `/${PHOTOS}/${name}`);
    report("loading weights");
    const sides = await page.evaluate((job) => agreement.open(job), {
      folder: `/${MODULE}`,
      weights: `/${WEIGHTS}`,
      photos,
    });
    const views = sides.flatMap((photoSides, photo) => viewsOf(photo, photoSides));
    const measured = [];
    for (const [i, view] of views.entries()) {
      report(`view ${i + 1} of ${views.length}`);
      const classes = await page.evaluate((view) => agreement.classify(view), view);
      measured.push({ ...view, photo: names[view.photo], ...comparisonOf(classes) });
    }
    return measured;
  });
}

/** All views of one photo. Places that are the same, for want of room, count once. */
function viewsOf(photo, { width, height }) {
  return SCALES.flatMap((scale) => {
    const side = Math.round(scale * Math.min(width, height));
    const [lefts, tops] = [width, height].map((length) => placesIn(length - side));
    const crops = tops.flatMap((top) => lefts.map((left) => ({ photo, left, top, side })));
    return crops.flatMap((crop) =>
      [false, true].flatMap((mirrored) =>
        BRIGHTNESSES.map((brightness) => ({ ...crop, mirrored, brightness })),
      ),
    );
  });
}

function placesIn(room) {
  return [...new Set(PLACES.map((place) => Math.round(place * room)))];
}

/** Holds int8's classes against f32's; both are all there are, the most probable first. */
function comparisonOf({ f32, int8 }) {
  const [{ index, probability }] = f32;
  const at = int8.findIndex((other) => other.index === index);
  return {
    expected: index,
    found: int8[0].index,
    rank: at + 1,
    probability,
    probabilityInt8: int8[at].probability,
  };
}
