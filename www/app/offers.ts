/**
 * What the page offers only in browsers that have it. Elsewhere the control is left out, or the page says
 * why it is not there.
 */

/** Whether a whole folder can be chosen. Most telephones cannot. */
export const offersFolders = () => "webkitdirectory" in HTMLInputElement.prototype;

/** Whether the page may use a camera, or could over HTTPS: it says so when it is asked to. */
export const offersCamera = () => navigator.mediaDevices !== undefined || !isSecureContext;

/** Whether text can be copied: over HTTPS only. */
export const offersClipboard = () => navigator.clipboard !== undefined;

/** Whether there is a second device to choose. */
export const offersWebGpu = () => navigator.gpu !== undefined;

/** Whether anything can be kept for visits without a network: over HTTPS only. */
export const offersOffline = () => navigator.serviceWorker !== undefined;
