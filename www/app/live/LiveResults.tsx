import { useEffect, useRef, useState } from "preact/hooks";
import { isolated } from "../file-text";
import { readableLabel } from "../format";
import { Bars } from "../results/Bars";
import { useStore } from "../store/context";
import { strings } from "../strings";
import { useBelowView } from "./useBelowView";
import { useLive } from "./useLive";
import "./live.css";

const text = strings.live;

/** How much of the bars the first of them is, without the gap below it. */
const FIRST_BAR = 1 / 6;

/** The most probable classes of what the camera sees now, and how fast they follow it. */
export function LiveResults() {
  const store = useStore();
  const { feed, showWhere, fail } = store.camera;
  const model = store.model.model.value;
  const video = store.camera.video.value;
  const where = store.camera.where.value;
  const [smooth, setSmooth] = useState(true);
  const options = { smooth, where, onFault: fail };
  const { view, reading } = useLive(video, store.model.classifier, model, feed, options);
  const pinned = where === "first" ? null : where;
  const announced = view?.announced;
  const missing = !model ? text.waiting : !video ? text.starting : text.first;
  const bars = useRef<HTMLDivElement>(null);
  const below = useBelowView(bars, FIRST_BAR);
  const [first] = view?.predictions ?? [];

  const whereSwitch = useRef<HTMLInputElement>(null);
  const before = useRef(where);
  useEffect(() => {
    const isChanged = before.current !== where;
    before.current = where;
    // Some buttons disappear with what they end: keyboard focus moves on to here.
    if (isChanged && document.activeElement === document.body) whereSwitch.current?.focus();
  }, [where]);
  return (
    <>
      {/* Where the result is out of view below the video, its first class is said beside that. */}
      {first && below && (
        <p class="live-first" aria-hidden="true">
          <bdi class="bar-label">{readableLabel(first.label)}</bdi>
          <span class="bar-value" translate={false}>
            {strings.results.probability(first.probability)}
          </span>
        </p>
      )}
      <section class="card results live" id="result" aria-labelledby="result-heading">
        <div class="live-heading">
          <h2 id="result-heading">{strings.results.heading}</h2>
          <span class={`live-sign ${video ? "is-on" : ""}`}>{video ? text.on : text.off}</span>
        </div>
        <p class="visually-hidden" role="status">
          {announced &&
            strings.results.announce(
              readableLabel(announced.label),
              strings.results.probability(announced.probability),
            )}
        </p>
        <div ref={bars}>
          {view ? (
            <Bars
              predictions={view.predictions}
              asked={pinned}
              onWhere={(prediction) =>
                showWhere(pinned?.index === prediction.index ? "first" : prediction)
              }
            />
          ) : (
            <p class="placeholder">{missing}</p>
          )}
        </div>
        {pinned && (
          <p class="fine live-pinned">
            {text.pinned(isolated(readableLabel(pinned.label)))}
            <button type="button" onClick={() => showWhere("first")}>
              {text.follow}
            </button>
          </p>
        )}
        <div class="live-foot">
          <dl class="live-pace">
            <div>
              <dt>{text.framesPerSecond}</dt>
              <dd data-pace="frames" translate={false}>
                {reading ? text.frames(reading.framesPerSecond) : text.measuring}
              </dd>
            </div>
            <div>
              <dt>{text.latency}</dt>
              <dd data-pace="latency" translate={false}>
                {reading ? strings.results.milliseconds(reading.latency) : text.measuring}
              </dd>
            </div>
          </dl>
          <label class="live-switch">
            <input
              ref={whereSwitch}
              type="checkbox"
              checked={where !== null}
              onChange={(event) => showWhere(event.currentTarget.checked ? "first" : null)}
            />
            {text.where}
          </label>
          <label class="live-switch">
            <input
              type="checkbox"
              checked={smooth}
              onChange={(event) => setSmooth(event.currentTarget.checked)}
            />
            {text.smooth}
          </label>
        </div>
      </section>
    </>
  );
}
