import type { ComponentChildren } from "preact";
import type { DeviceStatus } from "../../lib";
import { strings } from "../strings";
import "./status.css";

const text = strings.device;

interface DevicePillProps {
  device: DeviceStatus | null;
  /** What can be changed about it. */
  children: ComponentChildren;
}

/** Which device runs, and why. */
export function DevicePill({ device, children }: DevicePillProps) {
  if (!device) return <p class="device">{text.opening}</p>;
  const { runs, worstError, milliseconds } = device.selfCheck;
  const name = device.kind === "webgpu" ? `${text.names.webgpu}: ${device.name}` : text.names.cpu;
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
      <p class="fine device-check">
        {text.check(runs, worstError.toExponential(0), strings.results.milliseconds(milliseconds))}
      </p>
      <div class="device-controls">{children}</div>
    </div>
  );
}
