import { megabytes } from "../format";
import { IsolationControl } from "../isolation/IsolationControl";
import { isPartial } from "../offline/partial";
import { useStore } from "../store/context";
import { strings } from "../strings";
import { DeviceChoice } from "./DeviceChoice";
import { Threads } from "./Threads";
import "./status.css";

const text = strings.device;

/** Whether the window is wide enough for more than the photo at its top. */
const hasRoom = matchMedia("(min-width: 40rem)").matches;

/** Which device runs, why, and what can be changed about it. */
export function DevicePill() {
  const { device, notOpened, model } = useStore().model.state.value;
  const onGpu = model?.info.onGpu;
  if (!device) return <p class="device">{notOpened ? text.notOpened : text.opening}</p>;
  const { runs, layers, worstError, milliseconds } = device.selfCheck;
  const { speeds } = device;
  const time = strings.results.milliseconds;
  const name =
    device.kind === "webgpu"
      ? `${text.names.webgpu}: ${device.adapter || device.name}`
      : text.names.cpu;
  return (
    <div class="device" data-device={device.kind} data-reason={device.reason}>
      <p class="device-name" aria-live="polite">
        <span class="lamp" aria-hidden="true" />
        {name}
        {device.threads && `, ${text.threads(device.threads.count)}`}
        {device.software && ` (${text.software})`}
      </p>
      <p class="fine" role="status">
        {text.reasons[device.reason]}
      </p>
      {device.detail && <p class="fine device-detail">{device.detail}</p>}
      {isPartial && <p class="fine">{text.partial}</p>}
      <details class="device-more" open={hasRoom}>
        <summary class="fine">{text.more}</summary>
        <p class="fine device-check">
          {text.check(runs, worstError.toExponential(0), time(milliseconds))}{" "}
          {layers > 0 && text.checkedLayers(layers)}
        </p>
        {device.kind === "webgpu" && onGpu && (
          <p class="fine device-network">
            {text.onGpu(device.number, onGpu.dispatches, megabytes(onGpu.bytes))}
          </p>
        )}
        {speeds && (
          <p class="fine device-speeds">{text.speeds(time(speeds.webgpu), time(speeds.cpu))}</p>
        )}
        <div class="device-controls">
          <DeviceChoice device={device} />
          {device.threads && <Threads status={device.threads} />}
          <IsolationControl isMissed={device.threads?.obstacle === "not-isolated"} />
        </div>
      </details>
    </div>
  );
}
