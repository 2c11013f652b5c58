import { canvasReadsBack, decodedImage, type Prediction } from "resnet-web";
import { isolated } from "../file-text";
import { readableLabel } from "../format";
import { strings } from "../strings";

const WIDTH = 1200;
const MARGIN = 40;
const LINE = 64;
const FONT = "system-ui, sans-serif";

/** The photo with its classes below as a PNG, to keep or to share. */
export async function annotatedPng(
  photo: Blob,
  predictions: readonly Prediction[],
  model: string,
): Promise<Blob> {
  if (!(await canvasReadsBack())) throw new Error(strings.notice.errors["image-withheld"]);
  const image = await decodedImage(photo);
  const inner = WIDTH - 2 * MARGIN;
  const scale = Math.min(inner / image.width, WIDTH / image.height);
  const [width, height] = [image.width * scale, image.height * scale];
  const below = MARGIN + height + MARGIN;
  const canvas = new OffscreenCanvas(WIDTH, below + predictions.length * LINE + 2 * MARGIN);
  const context = canvas.getContext("2d");
  if (!context) throw new Error(strings.share.noCanvas);
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(image, (WIDTH - width) / 2, MARGIN, width, height);
  image.close();
  predictions.forEach(({ label, probability }, i) => {
    const y = below + i * LINE;
    context.fillStyle = "#16211f";
    context.font = `${i === 0 ? 700 : 400} 28px ${FONT}`;
    context.textAlign = "left";
    context.fillText(isolated(readableLabel(label)), MARGIN, y + 24, inner - 160);
    context.textAlign = "right";
    context.fillText(strings.results.probability(probability), WIDTH - MARGIN, y + 24);
    context.fillStyle = "#e5eae7";
    context.fillRect(MARGIN, y + 36, inner, 10);
    context.fillStyle = "#0f766e";
    context.fillRect(MARGIN, y + 36, inner * probability, 10);
  });
  context.fillStyle = "#53615e";
  context.font = `400 20px ${FONT}`;
  context.textAlign = "left";
  context.fillText(strings.share.madeBy(isolated(model)), MARGIN, canvas.height - MARGIN / 2);
  return canvas.convertToBlob({ type: "image/png" });
}
