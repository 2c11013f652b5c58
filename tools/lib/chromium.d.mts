export const WEBGPU: string[];
export const QUIET: string[];
export const FAKE_CAMERA: string[];
export const TWO_FAKE_CAMERAS: string[];
