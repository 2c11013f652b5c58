import type { ComponentChildren } from "preact";
import type { DeviceStatus, ModelInfo } from "../../lib";
import { megabytes } from "../format";
import { strings } from "../strings";
import "./status.css";

const text = strings.device;

interface DevicePillProps {
  device: DeviceStatus | null;
  /** Whether none could be opened. */
  notOpened: boolean;
  /** What the model takes on a GPU. */
  onGpu: ModelInfo["onGpu"] | undefined;
  /** What can be changed about it. */
  children: ComponentChildren;
}

/** Whether the window is wide enough for more than the photo at its top. */
const hasRoom = matchMedia("(min-width: 40rem)").matches;

/** Which device runs, and why. */
export function DevicePill({ device, notOpened, onGpu, children }: DevicePillProps) {
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
        <div class="device-controls">{children}</div>
      </details>
    </div>
  );
}
