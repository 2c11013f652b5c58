import { createClassifier } from "resnet-web";
import { Photo } from "./photo";

// Rendered for each request, by a server that has neither a window nor a worker.
export const dynamic = "force-dynamic";

export default function Page() {
  return (
    <main>
      <h1>What is in the photo?</h1>
      <Photo />
      <p>On the server, createClassifier is a {typeof createClassifier}, too.</p>
    </main>
  );
}
