import { Compare } from "./compare/Compare";
import { NetworkDrawing } from "./drawing/NetworkDrawing";
import { Gallery } from "./gallery/Gallery";
import { LayerInspector } from "./inspect/LayerInspector";
import { LayerTable } from "./layers/LayerTable";
import { LiveResults } from "./live/LiveResults";
import { ModelCard } from "./model/ModelCard";
import { Notices } from "./notices/Notices";
import { Results } from "./results/Results";
import { Source } from "./source/Source";
import { DevicePill } from "./status/DevicePill";
import { StatusLine } from "./status/StatusLine";
import { useStore } from "./store/context";
import { strings } from "./strings";
import { title } from "./title";

/** The page: a photo on one side, its result on the other, the network below. */
export function App() {
  const store = useStore();
  const camera = store.camera.on.value;
  const many = store.source.many.value;
  const model = store.model.model.value;
  const { device } = store.model.state.value;
  return (
    <>
      <a class="skip" href="#result">
        {strings.skipToResult}
      </a>
      <header>
        <div>
          <h1>{title}</h1>
          <p>{strings.tagline}</p>
        </div>
        <DevicePill />
      </header>
      <main>
        <Notices />
        <div class="photo-and-result">
          <Source />
          {camera ? <LiveResults /> : <Results />}
        </div>
        {many && <Gallery files={many} />}
        <ModelCard />
        {model && (
          <>
            <NetworkDrawing model={model} />
            <LayerInspector model={model} />
            <LayerTable model={model} />
            {device && !camera && <Compare model={model} device={device} />}
          </>
        )}
      </main>
      <footer>
        <StatusLine />
        <p>
          {strings.footer.privacy} {strings.footer.photos}{" "}
          <a href="./THIRD-PARTY.txt">{strings.footer.thirdParty}</a>
        </p>
      </footer>
    </>
  );
}
